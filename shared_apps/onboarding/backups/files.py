"""The file of a backup: a zip of CSV with a manifest, encrypted with age when the shop's keys say so (ADR 0039).

    manifest.json        what is in it: format, moment, digest of the migrations, and of each table columns, rows, SHA-256
    schema.sql           the DDL of a shop's schema, without its name
    <schema>/<table>.csv

Anybody can open it with `unzip`, after `age --decrypt` when it is encrypted.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import pyrage
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from pyrage import x25519

from shared_apps.core.errors import RuleError
from tenants.snapshots import Contents, Table

FORMAT = 1
SUFFIX, ENCRYPTED = ".ocpizza", ".age"
CHUNK = 1 << 20


class Unreadable(RuleError):
    """Not a backup of ours, damaged, or encrypted without the key that opens it."""


@dataclass(frozen=True, slots=True)
class ShopCopy:
    """One pizzeria in a backup: its rows, and what the public schema says of it."""

    schema_name: str
    pizzeria: dict[str, Any]  # fields of `Pizzeria`
    domains: list[str]
    members: list[tuple[str, str]]  # e-mail, role
    contents: Contents


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str  # ISO 8601, UTC
    migrations_digest: str
    shops: dict[str, ShopCopy]  # by slug
    public: Contents | None  # of a backup of the whole group

    def dump(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, default=str)

    @classmethod
    def load(cls, text: str) -> "Manifest":
        raw = json.loads(text)
        if raw.pop("format", None) != FORMAT:
            raise Unreadable(_("This backup was made by another version of the system."))
        shops = {
            slug: ShopCopy(**(shop | {"contents": _contents(shop["contents"])})) for slug, shop in raw["shops"].items()
        }
        return cls(**(raw | {"shops": shops, "public": _contents(raw["public"])}))


def _contents(raw: dict[str, Any] | None) -> Any:
    if raw is None:
        return None
    tables = {name: Table(**table) for name, table in raw["tables"].items()}
    return Contents(tables, {key: tuple(value) for key, value in raw["sequences"].items()})


@contextmanager
def writing(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip to fill; the file appears under its name only when it is whole, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".en-cours-") as folder:
        plain = Path(folder) / "plain"
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            yield archive
        finished = _encrypted(plain) if settings.BACKUP_AGE_RECIPIENT else plain
        finished.chmod(0o600)
        with finished.open("rb") as file:
            os.fsync(file.fileno())
        finished.replace(path)


def _encrypted(plain: Path) -> Path:
    recipient = x25519.Recipient.from_str(settings.BACKUP_AGE_RECIPIENT)
    target = plain.with_suffix(ENCRYPTED)
    pyrage.encrypt_file(str(plain), str(target), [recipient])
    return target


def named(folder: Path, name: str, stamp: str) -> Path:
    """`<folder>/<name>/<name>-20261125T031500Z.ocpizza[.age]`."""
    ending = SUFFIX + (ENCRYPTED if settings.BACKUP_AGE_RECIPIENT else "")
    return folder / name / f"{name}-{stamp}{ending}"


class Backup:
    """A backup open for reading; its members are checked against the manifest as they are asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.manifest = Manifest.load(archive.read("manifest.json").decode())

    @property
    def ddl(self) -> str:
        return self.archive.read("schema.sql").decode()

    def table(self, schema_name: str, table: str) -> IO[bytes]:
        return self.archive.open(f"{schema_name}/{table}.csv")

    def check(self) -> None:
        """Raises Unreadable on the first member that is not what was written."""
        for schema_name, contents in self._all():
            for name, table in contents.tables.items():
                if self._digest(schema_name, name) != table.sha256:
                    raise Unreadable(_("The backup is damaged: %(name)s.") % {"name": f"{schema_name}/{name}.csv"})

    def _all(self) -> Iterator[tuple[str, Contents]]:
        for shop in self.manifest.shops.values():
            yield shop.schema_name, shop.contents
        if self.manifest.public:
            yield "public", self.manifest.public

    def _digest(self, schema_name: str, table: str) -> str:
        digest = hashlib.sha256()
        with self.table(schema_name, table) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def reading(path: Path, identity: Path | None = None) -> Iterator[Backup]:
    """`identity`: the file of the age key that opens an encrypted backup. Raises Unreadable."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".lecture-") as folder:
        try:
            plain = _decrypted(path, identity, Path(folder)) if path.suffix == ENCRYPTED else path
            with zipfile.ZipFile(plain) as archive:
                yield Backup(archive)
        except (zipfile.BadZipFile, KeyError, pyrage.DecryptError, pyrage.IdentityError, OSError) as error:
            raise Unreadable(_("This backup cannot be read: %(why)s") % {"why": error}) from error


def _decrypted(path: Path, identity: Path | None, folder: Path) -> Path:
    if identity is None:
        raise Unreadable(_("This backup is encrypted: give the file of the age key that opens it."))
    words = [line for line in identity.read_text().splitlines() if line and not line.startswith("#")]
    plain = folder / "plain"
    pyrage.decrypt_file(str(path), str(plain), [x25519.Identity.from_str(word) for word in words])
    return plain
