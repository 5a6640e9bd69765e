"""Making a backup: of one pizzeria, or of the whole group at one moment."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from django.forms.models import model_to_dict

from shared_apps.accounts.models import Membership
from shared_apps.onboarding.backups import files
from shared_apps.onboarding.backups.files import Manifest, ShopCopy
from tenants import schemas, snapshots
from tenants.models import Domain, Pizzeria


def back_up_shop(*, pizzeria: Pizzeria, folder: Path, now: dt.datetime) -> Path:
    """Raises NotMigrated, NeedsRealSchema."""
    return _back_up(files.named(folder, pizzeria.slug, _stamp(now)), [pizzeria], False, now)


def back_up_group(*, folder: Path, now: dt.datetime) -> Path:
    """Every pizzeria that has a schema and the public schema, as they are at one moment. Raises as `back_up_shop`."""
    shops = list(Pizzeria.objects.with_schema().order_by("slug"))
    return _back_up(files.named(folder, "groupe", _stamp(now)), shops, True, now)


def _stamp(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _back_up(path: Path, shops: Iterable[Pizzeria], whole: bool, now: dt.datetime) -> Path:
    for pizzeria in shops:
        snapshots.check_migrated(pizzeria.schema_name)
    with schemas.as_owner_of("public"):
        ddl = schemas.definition()
    with files.writing(path) as archive:
        with snapshots.one_moment():
            copies = {pizzeria.slug: _shop(archive, pizzeria) for pizzeria in shops}
            public = snapshots.write(schema_name="public", opened=_writer(archive, "public")) if whole else None
        manifest = Manifest(now.astimezone(dt.UTC).isoformat(), schemas.migrations_digest(), copies, public)
        archive.writestr("schema.sql", ddl)
        archive.writestr("manifest.json", manifest.dump())
    return path


def _shop(archive: ZipFile, pizzeria: Pizzeria) -> ShopCopy:
    members = Membership.objects.filter(pizzeria=pizzeria).order_by("pk").values_list("user__email", "role")
    return ShopCopy(
        schema_name=pizzeria.schema_name,
        pizzeria=model_to_dict(pizzeria, exclude=["id"]),
        domains=list(Domain.objects.filter(tenant=pizzeria).order_by("-is_primary").values_list("domain", flat=True)),
        members=list(members),
        contents=snapshots.write(schema_name=pizzeria.schema_name, opened=_writer(archive, pizzeria.schema_name)),
    )


def _writer(archive: ZipFile, schema_name: str) -> snapshots.Opened:
    def opened(table: str) -> IO[bytes]:
        return archive.open(f"{schema_name}/{table}.csv", "w", force_zip64=True)

    return opened
