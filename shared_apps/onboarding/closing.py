"""Closing a pizzeria for good, and giving it another address."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import Membership
from shared_apps.core.errors import RuleError
from shared_apps.onboarding import addresses, auditing
from shared_apps.onboarding.backups import files, keeping, restoring, saving
from tenants import hosts, schemas, snapshots
from tenants.models import Domain, Pizzeria
from tenants.snapshots import Contents


class NotSuspended(RuleError):
    """A pizzeria is suspended, its last orders served, before it is closed."""

    def __init__(self) -> None:
        super().__init__(_("Suspend this pizzeria first: it is still trading."))


class WrongCode(RuleError):
    """The code is not that of an archive of this pizzeria, or the archive has changed or gone since."""

    def __init__(self) -> None:
        super().__init__(_("This code is not that of an archive of this pizzeria: make the archive again."))


class ChangedSince(RuleError):
    """Something happened in the pizzeria after its archive: dropped now, it would be lost."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(
            _("This pizzeria has changed since its archive (%(tables)s): make the archive again.")
            % {"tables": ", ".join(tables)}
        )


@dataclass(frozen=True, slots=True)
class Archived:
    path: Path
    rows: int
    code: str


def archive(*, pizzeria: Pizzeria, folder: Path, now: dt.datetime) -> Archived:
    """The first of two steps: a backup, restored aside and verified. Raises NotSuspended, NotAsItWas."""
    if pizzeria.state != Pizzeria.State.SUSPENDED:
        raise NotSuspended
    path = saving.back_up_shop(pizzeria=pizzeria, folder=folder, now=now)
    with files.reading(path, _identity()) as backup:
        copy = restoring.chosen(backup, pizzeria.slug)
        with restoring.aside(backup=backup, copy=copy, now=now):
            rows = sum(table.rows for table in copy.contents.tables.values())
    return Archived(path, rows, _code(path))


def _code(path: Path) -> str:
    """Short enough to be typed, and no other file's."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]


def close(*, pizzeria: Pizzeria, folder: Path, code: str) -> Path:
    """The second: drops the schema and the role, while the newest archive has this code and all that is there.

    The row stays, closed: the group's figures and its customers' history name it.
    Raises NotSuspended, WrongCode, ChangedSince.
    """
    archives = keeping.kept_of(folder, pizzeria.slug)
    if not archives or not secrets.compare_digest(_code(archives[0]), code.strip().lower()):
        raise WrongCode
    contents = _contents(archives[0], pizzeria.slug)
    with transaction.atomic():
        locked = Pizzeria.objects.select_for_update().get(pk=pizzeria.pk)
        if locked.state != Pizzeria.State.SUSPENDED:
            raise NotSuspended
        if changed := snapshots.changed_since(schema_name=locked.schema_name, contents=contents):
            raise ChangedSince(changed)
        schemas.drop(schema_name=locked.schema_name)
        locked.state = Pizzeria.State.CLOSED
        locked.save(update_fields=["state"])
        Membership.objects.filter(pizzeria=locked).delete()
        auditing.record(pizzeria=locked, act="closed", before={}, after={"archive": archives[0].name})
    hosts.forget()
    return archives[0]


def _contents(path: Path, slug: str) -> Contents:
    with files.reading(path, _identity()) as backup:
        return restoring.chosen(backup, slug).contents


def _identity() -> Path | None:
    return Path(settings.BACKUP_AGE_IDENTITY) if settings.BACKUP_AGE_IDENTITY else None


@transaction.atomic
def rename(*, pizzeria: Pizzeria, slug: str) -> None:
    """Gives it another address; its former ones lead there. Raises WrongAddress, AddressTaken."""
    addresses.check_free(slug=slug, pizzeria=pizzeria)
    auditing.record(pizzeria=pizzeria, act="renamed", before={"slug": pizzeria.slug}, after={"slug": slug})
    pizzeria.slug = slug
    pizzeria.save(update_fields=["slug"])
    Domain.objects.filter(tenant=pizzeria).update(is_primary=False)
    Domain.objects.update_or_create(domain=pizzeria.host, defaults={"tenant": pizzeria, "is_primary": True})
    hosts.forget()
