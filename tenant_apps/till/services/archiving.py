"""Archives of the journal: a zip of open formats with a signed manifest, which a script of its own verifies anywhere."""

import datetime as dt
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.till import archive as package
from tenant_apps.till import signing
from tenant_apps.till.archive import tables
from tenant_apps.till.models import Archive, Chain, Entry
from tenant_apps.till.services import journal, sealing
from tenants.hosts import Shop

FOLDER = Path(package.__file__).parent
MANIFEST = ("manifest.json", "manifest.sig")


class NothingToArchive(RuleError):
    """Nothing was sealed in that period."""

    def __init__(self) -> None:
        super().__init__(_("Nothing was sealed in this period: there is nothing to archive."))


class NotAsArchived(RuleError):
    """The file is not the one that was sealed."""

    def __init__(self) -> None:
        super().__init__(_("This archive is no longer what was made: verify the journal, and make another one."))


@dataclass(frozen=True, slots=True)
class Period:
    """What is archived: whole days, and the numbers between their first and last entries."""

    starts_on: dt.date
    ends_on: dt.date
    first: int
    last: int
    made_by: str
    made_at: dt.datetime


@transaction.atomic
def make(*, shop: Shop, starts_on: dt.date, ends_on: dt.date, operator: str, now: dt.datetime) -> Archive:
    """The entries of whole business days, both included, and those between them; sealed in the journal.

    Asked again while nothing was sealed since, it is the one just made. Raises NothingToArchive.
    """
    held = journal.lock(chain=Chain.TILL, now=now)
    last = Archive.objects.order_by("-number").first()
    if last and (last.starts_on, last.ends_on, last.entry_number) == (starts_on, ends_on, held.head.number):
        return last
    ends = Entry.objects.filter(chain=Chain.TILL, day__range=(starts_on, ends_on))
    bounds = ends.aggregate(first=Min("number"), last=Max("number"))
    if bounds["first"] is None:
        raise NothingToArchive
    period = Period(starts_on, ends_on, bounds["first"], bounds["last"], operator, now)
    contents = _contents(period, shop, held.head.key)
    digest = _digest(contents["manifest.json"])
    number = Archive.objects.count() + 1
    detail = {"archive": number, "digest": digest, "from": str(starts_on), "to": str(ends_on)}
    entry = held.add(journal.technical("archive_made", detail, operator), now=now)
    journal.write(shop=shop, held=held)
    return Archive.objects.create(
        number=number,
        starts_on=starts_on,
        ends_on=ends_on,
        first_number=period.first,
        last_number=period.last,
        made_at=now,
        made_by=operator,
        digest=digest,
        entry_number=entry.number,
        file=_zipped(contents),
    )


def read(*, archive: Archive) -> bytes:
    """The zip as it was made: its files as its manifest says, and its manifest as the journal does. Raises NotAsArchived."""
    data = bytes(archive.file)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            files = {name: file.read(name) for name in file.namelist()}
    except (zipfile.BadZipFile, zlib.error):
        raise NotAsArchived from None
    entry = Entry.objects.filter(chain=Chain.TILL, number=archive.entry_number).first()
    sealed = entry.content.get("detail", {}).get("digest") if entry else None
    if not (sealed == archive.digest == _digest(files.get("manifest.json", b"")) and _are_as_listed(files)):
        raise NotAsArchived
    return data


def _are_as_listed(files: dict[str, bytes]) -> bool:
    """Neither a file more, nor one less, nor another."""
    listed = json.loads(files["manifest.json"])["files"]
    return listed == {name: _digest(data) for name, data in files.items() if name not in MANIFEST}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _zipped(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in contents.items():
            file.writestr(name, data)
    return out.getvalue()


def _contents(period: Period, shop: Shop, key: str) -> dict[str, bytes]:
    kept = Entry.objects.filter(chain=Chain.TILL)
    entries = list(kept.filter(number__range=(period.first, period.last)).order_by("number"))
    before = kept.filter(number=period.first - 1).first()
    files = {
        "journal.json": _json([{"document": signing.document(e), "signature": e.signature} for e in entries]),
        **{name: text.encode() for name, text in tables.tables(entries).items()},
        "schema.json": _json(tables.SCHEMA),
        "LISEZMOI.txt": (FOLDER / "README.fr.txt").read_bytes(),
        "verifier.py": (FOLDER / "verifier.py").read_bytes(),
    }
    manifest = _json({
        "format": 1,
        "seller": sealing.seller(shop),
        "from": period.starts_on.isoformat(),
        "to": period.ends_on.isoformat(),
        "first": period.first,
        "last": period.last,
        "previous": before.signature if before else signing.NOTHING_BEFORE,
        "perpetual_before_cents": before.perpetual_cents if before else 0,
        "made_at": period.made_at.astimezone(dt.UTC).isoformat(),
        "made_by": period.made_by,
        "software": settings.SOFTWARE_VERSION,
        "key": key,
        "files": {name: _digest(data) for name, data in files.items()},
    })  # fmt: skip
    signature = signing.mac(key, b"archive\n" + manifest).encode()
    return {**files, "manifest.json": manifest, "manifest.sig": signature}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()
