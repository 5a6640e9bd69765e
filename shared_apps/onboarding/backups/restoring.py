"""Restoring a pizzeria: aside first, counted and verified there, then switched in, in one transaction.

The schema it replaces is kept under another name until retention removes it: a restore can itself be undone.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Membership, User
from shared_apps.core.errors import RuleError
from shared_apps.onboarding import addresses, auditing
from shared_apps.onboarding.backups import files
from shared_apps.onboarding.backups.files import Backup, ShopCopy
from tenant_apps.orders import invariants
from tenant_apps.orders.invariants import Broken
from tenant_apps.till import verification
from tenant_apps.till.services import recovery
from tenants import hosts, schemas, snapshots
from tenants.hosts import Shop
from tenants.models import Domain, Pizzeria, schema_name_for

ASIDE, REPLACED = "restoring_", "replaced_"


class NotInBackup(RuleError):
    """The backup has no such pizzeria, or several and nobody says which."""

    def __init__(self, slugs: list[str]) -> None:
        super().__init__(_("This backup has: %(slugs)s. Say which one.") % {"slugs": ", ".join(slugs)})


class StillTrading(RuleError):
    """What would be replaced is at work: it is suspended first."""

    def __init__(self, name: str) -> None:
        super().__init__(_("%(name)s is trading: suspend it before you replace it.") % {"name": name})


class NotAsItWas(RuleError):
    """What was restored is not what was backed up, or does not add up. Nothing was switched in."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(_("The restored pizzeria does not add up: %(faults)s") % {"faults": " ; ".join(faults)})


class NotEmpty(RuleError):
    """The group is restored into a database that was just migrated, and nowhere else."""

    def __init__(self) -> None:
        super().__init__(
            _("This database is in use: the group is restored into an empty one, after manage.py migrate.")
        )


class OtherRelease(RuleError):
    """The public schema is that of another release: the code of the backup's time restores it, then is brought up to date."""

    def __init__(self) -> None:
        super().__init__(_("This backup was made by another release: restore it with that one, then update."))


@dataclass(frozen=True, slots=True)
class Restored:
    pizzeria: Pizzeria
    rows: int
    replaced_schema: str  # where what it replaced is kept; empty when there was nothing


def chosen(backup: Backup, slug: str | None) -> ShopCopy:
    """The pizzeria of a backup. Raises NotInBackup."""
    shops = backup.manifest.shops
    if slug is None and len(shops) == 1:
        return next(iter(shops.values()))
    if slug is None or slug not in shops:
        raise NotInBackup(sorted(shops))
    return shops[slug]


@contextmanager
def aside(*, backup: Backup, copy: ShopCopy, now: dt.datetime) -> Iterator[str]:
    """The name of a schema with the copy in it, verified; whatever is left of it at the end is dropped.

    Raises Unreadable, NotAsItWas.
    """
    backup.check()
    scratch = f"{ASIDE}{copy.schema_name}_{now:%Y%m%d%H%M%S}"[:63]
    try:
        with transaction.atomic():
            schemas.create_aside(schema_name=scratch, ddl=backup.ddl)
            with schemas.as_owner_of(scratch):
                snapshots.fill(schema_name=scratch, contents=copy.contents, opened=_reader(backup, copy))
        _check(snapshots.differences(schema_name=scratch, contents=copy.contents))
        if backup.manifest.migrations_digest != schemas.migrations_digest():
            schemas.migrate_aside(schema_name=scratch)
        with schemas.as_owner_of(scratch):
            _check(_words(invariants.broken_alone()))
            _check([str(chain.fault) for chain in verification.verify_alone() if chain.fault])
        yield scratch
    finally:
        schemas.drop_aside(schema_name=scratch)


def _reader(backup: Backup, copy: ShopCopy) -> snapshots.Opened:
    def opened(table: str) -> IO[bytes]:
        return backup.table(copy.schema_name, table)

    return opened


def _words(broken: Iterable[Broken]) -> list[str]:
    return [f"{row.invariant} : {row.detail}" for row in broken]


def _check(faults: list[str]) -> None:
    if faults:
        raise NotAsItWas(faults)


def restore(*, path: Path, slug: str | None, to: str | None, identity: Path | None, now: dt.datetime) -> Restored:
    """Switches a pizzeria of the backup in: in the place of the one it was, or as a new one, `to`, suspended.

    Raises Unreadable, NotInBackup, WrongAddress, AddressTaken, StillTrading, NotAsItWas.
    """
    with files.reading(path, identity) as backup:
        copy = chosen(backup, slug)
        if to and to != copy.pizzeria["slug"]:  # a new one: it takes nobody's place
            addresses.check_free(slug=to, pizzeria=None)
        _check_not_trading(to or copy.pizzeria["slug"])
        with aside(backup=backup, copy=copy, now=now) as scratch, transaction.atomic():
            pizzeria = _row(copy, to)
            replaced = _replace(pizzeria, scratch, now)
            with schemas.as_owner_of(pizzeria.schema_name):
                recovery.go_on_after_restore(shop=Shop.of(pizzeria), now=now)
            call_command("rebuild_sales", pizzeria.slug, stdout=StringIO())
            _check_all(pizzeria)
            auditing.record(pizzeria=pizzeria, act="restored", before={"kept": replaced}, after={"backup": path.name})
        hosts.forget()
        return Restored(pizzeria, sum(table.rows for table in copy.contents.tables.values()), replaced)


def _check_not_trading(slug: str) -> None:
    found = Pizzeria.objects.filter(slug=slug, state=Pizzeria.State.TRADING).first()
    if found:
        raise StillTrading(found.name)


def _row(copy: ShopCopy, to: str | None) -> Pizzeria:
    """The pizzeria's row: the one there is, else made again with its address and its people. It comes back suspended."""
    slug = to or copy.pizzeria["slug"]
    found = Pizzeria.objects.select_for_update().filter(slug=slug).first()
    if found is None:
        names = {"slug": slug, "schema_name": schema_name_for(to) if to else copy.schema_name}
        found = Pizzeria.objects.create(**(copy.pizzeria | names))
    found.state = Pizzeria.State.SUSPENDED
    found.save(update_fields=["state"])
    _domains(found, [] if to else copy.domains)
    _members(found, copy)
    return found


def _domains(pizzeria: Pizzeria, others: list[str]) -> None:
    for domain in [f"{pizzeria.slug}.{settings.BASE_DOMAIN}", *others]:
        Domain.objects.get_or_create(
            domain=domain, defaults={"tenant": pizzeria, "is_primary": domain == pizzeria.host}
        )


def _members(pizzeria: Pizzeria, copy: ShopCopy) -> None:
    """Those who still have an account in the group get their roles back; nobody's account is made, no stranger's taken."""
    found = User.objects.filter(email__in=[email for email, _role in copy.members])
    known = {user.email: user.pk for user in found if user.is_email_owner}
    for email, role in copy.members:
        if email in known:
            Membership.objects.get_or_create(user_id=known[email], pizzeria=pizzeria, role=role)


def _replace(pizzeria: Pizzeria, scratch: str, now: dt.datetime) -> str:
    live, kept = pizzeria.schema_name, ""
    if schemas.exists(schema_name=live):
        kept = f"{REPLACED}{live}_{now:%Y%m%d%H%M%S}"[:63]
        schemas.rename(schema_name=live, to=kept)
        schemas.shut(schema_name=kept, from_shop=live)
    schemas.rename(schema_name=scratch, to=live)
    schemas.open_to_its_shop(schema_name=live)
    return kept


def _check_all(pizzeria: Pizzeria) -> None:
    with schema_context(pizzeria.schema_name):
        _check(_words(invariants.broken(pizzeria_id=pizzeria.pk)))


def restore_group(*, path: Path, identity: Path | None) -> list[Pizzeria]:
    """Everything, into an empty database: after the loss of the whole of it. All of it, or nothing.

    Raises Unreadable, NotInBackup, NotEmpty, OtherRelease, NotAsItWas.
    """
    if Pizzeria.objects.exists():
        raise NotEmpty
    with files.reading(path, identity) as backup, transaction.atomic():
        public = backup.manifest.public
        if public is None:
            raise NotInBackup(sorted(backup.manifest.shops))
        if backup.manifest.migrations_digest != schemas.migrations_digest():
            raise OtherRelease
        backup.check()
        snapshots.replace(schema_name="public", contents=public, opened=lambda table: backup.table("public", table))
        for copy in backup.manifest.shops.values():
            schemas.create_aside(schema_name=copy.schema_name, ddl=backup.ddl)
            with schemas.as_owner_of(copy.schema_name):
                snapshots.fill(schema_name=copy.schema_name, contents=copy.contents, opened=_reader(backup, copy))
            _check(snapshots.differences(schema_name=copy.schema_name, contents=copy.contents))
            schemas.open_to_its_shop(schema_name=copy.schema_name)
        shops = list(Pizzeria.objects.with_schema())
        for pizzeria in shops:
            _check_all(pizzeria)
        return shops
