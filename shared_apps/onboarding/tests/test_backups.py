"""A pizzeria in a file and back: saved, lost, restored aside, verified, switched in (ADR 0039)."""

import csv
import datetime as dt
import io
import os
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection
from django.db.models import F
from django.utils import timezone
from django_tenants.utils import schema_context
from pyrage import x25519

from conftest import COOK, COUNTER, ask, check_invariants, drop_shop, place, plan
from shared_apps.accounts.models import AuditEntry, Membership
from shared_apps.onboarding import services
from shared_apps.onboarding.addresses import AddressTaken
from shared_apps.onboarding.backups import files, keeping, restoring, saving
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen, settlement
from tenant_apps.payments.models import Payment
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Reception, StockLevel, Supplier
from tenant_apps.till.models import Entry
from tenants import schemas
from tenants.backend.base import OWNER
from tenants.models import Pizzeria, RestoreDrill
from tenants.roles import acting_as


@pytest.fixture
def pizzeria(own_shop) -> Iterator[Pizzeria]:
    """With two orders, one of them claimed, and a delivery to come; what restores leave behind is dropped."""
    place(own_shop, ask("reine", 2))
    order = place(own_shop, ask("margherita"))
    kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=timezone.now())
    _expects_a_delivery()
    connection.set_schema_to_public()  # where the commands of ops begin
    yield Pizzeria.objects.get(pk=own_shop.id)
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"%{own_shop.schema_name}%"])
        left = [name for (name,) in cursor.fetchall() if name != own_shop.schema_name]
    for name in left:
        schemas.drop_aside(schema_name=name)


def _expects_a_delivery() -> None:
    """Its table comes before that of the supplier it names: the DDL of that key has it checked at once."""
    dairy = Supplier.objects.create(name="Crèmerie de l’essai", delivers_by=dt.time(9))
    now = timezone.now()
    Reception.objects.create(supplier=dairy, state=Reception.State.DRAFT, expected_at=now, made_at=now)


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def refused(name: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        run(name, *arguments)
    return str(refusal.value)


def suspended(pizzeria: Pizzeria) -> None:
    Pizzeria.objects.filter(pk=pizzeria.pk).update(state=Pizzeria.State.SUSPENDED)


def saved(pizzeria: Pizzeria, folder: Path) -> Path:
    return saving.back_up_shop(pizzeria=pizzeria, folder=folder, now=timezone.now())


def rows(schema_name: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a schema."""
    found = {}
    with schemas.as_owner_of(schema_name), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema_name])
        for (table,) in cursor.fetchall():
            if table != "django_migrations":
                cursor.execute(f'SELECT t::text FROM "{schema_name}"."{table}" AS t ORDER BY 1')
                found[table] = cursor.fetchall()
    return found


def test_a_lost_pizzeria_comes_back_row_for_row_and_goes_on(pizzeria, own_shop, tmp_path):
    path = saved(pizzeria, tmp_path)
    before = rows(own_shop.schema_name)
    assert len(before["orders_order"]) == 2
    suspended(pizzeria)
    schemas.drop(schema_name=own_shop.schema_name)
    said = run("restore_pizzeria", str(path))
    assert "restaurées et vérifiées" in said
    assert "suspendue" in said
    assert rows(own_shop.schema_name) == before
    run("resume_pizzeria", own_shop.slug)
    after = place(own_shop, ask("calzone"))
    assert after.pk == len(before["orders_order"]) + 1
    check_invariants()


def test_what_a_restore_replaces_is_kept_aside_and_shut(pizzeria, own_shop, tmp_path):
    path = saved(pizzeria, tmp_path)
    late = place(own_shop, ask("reine"))
    suspended(pizzeria)
    said = run("restore_pizzeria", str(path))
    kept = next(word for word in said.split() if word.startswith("replaced_")).rstrip(".")
    with schema_context(own_shop.schema_name):
        assert not Order.objects.filter(pk=late.pk).exists()
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{kept}".orders_order')
    assert len(rows(kept)["orders_order"]) == 3
    check_invariants()
    later = timezone.now() + dt.timedelta(days=8)
    assert kept in keeping.forget_old(folder=tmp_path, days=7, now=later)
    assert not schemas.exists(schema_name=kept)


def test_a_pizzeria_at_work_is_not_replaced(pizzeria, own_shop, tmp_path):
    path = saved(pizzeria, tmp_path)
    before = rows(own_shop.schema_name)
    assert "suspendez-la" in refused("restore_pizzeria", str(path))
    assert rows(own_shop.schema_name) == before


def test_it_may_come_back_as_another_beside_the_first(pizzeria, own_shop, tmp_path):
    path = saved(pizzeria, tmp_path)
    other = f"{own_shop.slug[:20]}-bis"
    try:
        assert "restaurées" in run("restore_pizzeria", str(path), "--as", other)
        copy = Pizzeria.objects.get(slug=other)
        assert copy.state == Pizzeria.State.SUSPENDED
        assert len(rows(copy.schema_name)["orders_order"]) == 2
        with schema_context(own_shop.schema_name):
            assert Order.objects.count() == 2
        check_invariants()
    finally:
        connection.set_schema_to_public()
        Membership.objects.filter(pizzeria__slug=other).delete()
        drop_shop(Pizzeria.objects.get(slug=other))


@pytest.mark.parametrize("wound", ["row", "byte"])
def test_a_damaged_backup_changes_nothing(pizzeria, own_shop, tmp_path, wound):
    path = saved(pizzeria, tmp_path)
    damaged = tmp_path / "abime.ocpizza"
    member = f"{own_shop.schema_name}/orders_orderevent.csv"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(damaged, "w") as other:
        for name in whole.namelist():
            content = whole.read(name)
            if name == member:
                content = (
                    content[: content.rindex(b"\n", 0, -1) + 1] if wound == "row" else content.replace(b"1", b"2", 1)
                )
            other.writestr(name, content)
    suspended(pizzeria)
    before = rows(own_shop.schema_name)
    assert "abîmée" in refused("restore_pizzeria", str(damaged))
    assert rows(own_shop.schema_name) == before


def test_a_backup_that_does_not_add_up_is_not_switched_in(pizzeria, own_shop, tmp_path):
    with schemas.as_owner_of(own_shop.schema_name):
        StockLevel.objects.filter(reserved=0).update(on_hand=1)  # a row changed behind the movements
    path = saved(pizzeria, tmp_path)
    suspended(pizzeria)
    assert "movements sum to balances" in refused("restore_pizzeria", str(path))
    assert not [name for name in _schemas() if name.startswith(restoring.ASIDE)]


def test_a_backup_whose_till_was_edited_is_not_switched_in(pizzeria, own_shop, tmp_path):
    with schema_context(own_shop.schema_name):
        order = place(own_shop, ask("reine"))
        paid = settlement.Tender(means=Payment.Means.CASH, submission=uuid.uuid4())
        settlement.take_payment(shop=own_shop, order_id=order.pk, tender=paid, by=COUNTER, now=timezone.now())
    with schemas.as_owner_of(own_shop.schema_name):
        Entry.objects.filter(number=1).update(content={"amount_cents": 1})
    path = saved(pizzeria, tmp_path)
    suspended(pizzeria)
    assert "écriture 1" in refused("restore_pizzeria", str(path))
    assert not [name for name in _schemas() if name.startswith(restoring.ASIDE)]


def _schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return [name for (name,) in cursor.fetchall()]


def test_an_encrypted_backup_says_nothing_without_its_key(pizzeria, own_shop, tmp_path, settings):
    key = x25519.Identity.generate()
    settings.BACKUP_AGE_RECIPIENT = str(key.to_public())
    path = saved(pizzeria, tmp_path)
    assert path.suffix == ".age"
    assert b"Camille" not in path.read_bytes()
    assert b"manifest" not in path.read_bytes()
    suspended(pizzeria)
    assert "chiffrée" in refused("restore_pizzeria", str(path))
    identity = tmp_path / "cle.txt"
    identity.write_text(f"# la clé\n{key}\n")
    assert "restaurées" in run("restore_pizzeria", str(path), "--identity", str(identity))
    check_invariants()


def test_the_file_is_plain_csv_that_its_owner_alone_may_read(pizzeria, own_shop, tmp_path):
    path = saved(pizzeria, tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"{own_shop.schema_name}/orders_orderline.csv").decode()
    labels = {row["label"] for row in csv.DictReader(io.StringIO(text))}
    assert any("Reine" in label for label in labels)


def test_the_group_is_saved_as_it_is_at_one_moment_and_a_pizzeria_comes_back_from_it(pizzeria, own_shop, tmp_path):
    said = run("backup_group", "--to", str(tmp_path))
    path = keeping.kept(tmp_path)[0]
    assert str(path) in said
    with files.reading(path) as backup:
        assert own_shop.slug in backup.manifest.shops
        assert backup.manifest.public is not None
        assert backup.manifest.public.tables["tenants_pizzeria"].rows == len(backup.manifest.shops)
    suspended(pizzeria)
    assert "Précisez" in refused("restore_pizzeria", str(path))
    assert "restaurées" in run("restore_pizzeria", str(path), "--shop", own_shop.slug)
    check_invariants()


def test_old_backups_go_and_the_newest_of_each_stays(pizzeria, tmp_path):
    now = timezone.now()
    for days in (30, 20, 8, 2):
        saving.back_up_shop(pizzeria=pizzeria, folder=tmp_path, now=now - dt.timedelta(days=days))
    assert len(keeping.forget_old(folder=tmp_path, days=7, now=now)) == 3
    assert len(keeping.kept(tmp_path)) == 1
    assert keeping.forget_old(folder=tmp_path, days=1, now=now) == []
    closed = tmp_path / "fermees"  # what close_pizzeria archives is kept for years
    for days in (3000, 2000):
        saving.back_up_shop(pizzeria=pizzeria, folder=closed, now=now - dt.timedelta(days=days))
    assert keeping.forget_old(folder=tmp_path, days=7, now=now) == []
    assert len(keeping.kept(closed)) == 2


def test_a_drill_says_how_long_it_took_and_leaves_nothing(pizzeria, tmp_path):
    saved(pizzeria, tmp_path)
    said = run("restore_drill", "--from", str(tmp_path))
    drill = RestoreDrill.objects.latest("at")
    assert f"{drill.rows} lignes restaurées et vérifiées" in said
    assert not drill.fault
    assert not [name for name in _schemas() if name.startswith(restoring.ASIDE)]


def test_a_drill_that_fails_is_kept_with_its_reason(pizzeria, tmp_path):
    path = saved(pizzeria, tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert "ne se restaure pas" in refused("restore_drill", "--from", str(tmp_path))
    assert RestoreDrill.objects.latest("at").fault


def test_a_drill_that_the_database_stops_is_kept_too(pizzeria, tmp_path):
    path, now = saved(pizzeria, tmp_path), timezone.now()
    name = f"{restoring.ASIDE}{pizzeria.schema_name}_{now:%Y%m%d%H%M%S}"
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")  # somebody was there first
    assert name in keeping.drill(path=path, now=now).fault


def test_a_pizzeria_is_closed_in_two_steps_and_may_come_back(pizzeria, own_shop, tmp_path, client):
    folder = ["--to", str(tmp_path)]
    assert "Suspendez" in refused("close_pizzeria", own_shop.slug, *folder)
    suspended(pizzeria)
    said = run("close_pizzeria", own_shop.slug, *folder)
    assert schemas.exists(schema_name=own_shop.schema_name)
    assert "n’est pas celui" in refused("close_pizzeria", own_shop.slug, *folder, "--confirm", "00000000")
    code = said.strip().rpartition(" ")[2]
    assert "est fermée" in run("close_pizzeria", own_shop.slug, *folder, "--confirm", code)
    assert not schemas.exists(schema_name=own_shop.schema_name)
    assert client.get("/", HTTP_HOST=f"{own_shop.slug}.ocpizza.localhost").status_code == 410
    check_invariants()
    run("migrate_pizzerias", "--shops-only")
    assert "restaurées" in run("restore_pizzeria", str(keeping.kept(tmp_path)[0]))
    run("resume_pizzeria", own_shop.slug)
    check_invariants()
    told = AuditEntry.objects.filter(pizzeria=pizzeria).exclude(act="roles").order_by("pk")
    assert list(told.values_list("act", "actor")) == [("closed", None), ("restored", None), ("resumed", None)]
    assert told[0].after["archive"] == told[1].after["backup"] == keeping.kept(tmp_path)[0].name


def test_what_happened_after_the_archive_is_not_lost_with_the_pizzeria(pizzeria, own_shop, tmp_path):
    """As many rows as there were: one is not what it was."""
    folder = ["--to", str(tmp_path)]
    suspended(pizzeria)
    code = run("close_pizzeria", own_shop.slug, *folder).strip().rpartition(" ")[2]
    with schema_context(own_shop.schema_name):
        ShopSettings.objects.update(preparation_minutes=F("preparation_minutes") + 1)
    said = refused("close_pizzeria", own_shop.slug, *folder, "--confirm", code)
    assert "a changé depuis son archive (shop_shopsettings)" in said
    assert schemas.exists(schema_name=own_shop.schema_name)
    again = run("close_pizzeria", own_shop.slug, *folder).strip().rpartition(" ")[2]
    assert "n’est pas celui" in refused("close_pizzeria", own_shop.slug, *folder, "--confirm", code)
    assert "est fermée" in run("close_pizzeria", own_shop.slug, *folder, "--confirm", again)
    assert "ne peut pas être une adresse" in refused("restore_pizzeria", str(keeping.kept(tmp_path)[0]), "--as", "www")
    assert "a, ou a eu" in refused("restore_pizzeria", str(keeping.kept(tmp_path)[0]), "--as", "nation")


def test_a_renamed_pizzeria_answers_at_both_addresses(pizzeria, own_shop, client):
    new = f"{own_shop.slug[:20]}-neuf"
    try:
        run("rename_pizzeria", own_shop.slug, new)
        answer = client.post("/panier/?x=1", HTTP_HOST=f"{own_shop.slug}.ocpizza.localhost")
        assert answer.status_code == 308
        assert answer["Location"].endswith("/panier/?x=1")
        assert new in answer["Location"]
        assert client.get("/", HTTP_HOST=f"{new}.ocpizza.localhost").status_code == 200
        told = AuditEntry.objects.get(pizzeria=pizzeria, act="renamed")
        assert (told.before, told.after) == ({"slug": own_shop.slug}, {"slug": new})
        assert "adresse" in refused("rename_pizzeria", new, "nation")
        for wrong in ("www", "siege", "Deux mots", "a" * 31):
            assert "ne peut pas être une adresse" in refused("rename_pizzeria", new, wrong)
        with pytest.raises(AddressTaken):
            services.open_pizzeria(plan=plan(own_shop.slug))
    finally:
        Pizzeria.objects.filter(pk=pizzeria.pk).update(slug=own_shop.slug)


def test_a_backup_taken_while_orders_come_adds_up(pizzeria, own_shop, tmp_path):
    """Every statement of the backup sees the same moment, whatever is ordered meanwhile."""
    done = threading.Event()

    def order() -> None:
        try:
            while not done.is_set():
                place(own_shop, ask("margherita"))
        except Exception:  # the stock or the slots run out before the backup ends
            pass
        finally:
            connection.close()

    crowd = [threading.Thread(target=order) for _ in range(3)]
    for thread in crowd:
        thread.start()
    try:
        paths = [
            saving.back_up_shop(pizzeria=pizzeria, folder=tmp_path, now=timezone.now() + dt.timedelta(seconds=number))
            for number in range(3)
        ]
    finally:
        done.set()
        for thread in crowd:
            thread.join()
    for path in paths:
        with (
            files.reading(path) as backup,
            restoring.aside(backup=backup, copy=restoring.chosen(backup, None), now=timezone.now()),
        ):
            pass


@pytest.fixture
def another_database(django_db_setup) -> Iterator[dict[str, str]]:
    """An empty database beside the test's, and the environment that leads to it."""
    configured = connection.settings_dict
    name = f"{configured['NAME']}_bis"
    names = {"host": "HOST", "port": "PORT", "user": "USER"}
    place = {key: configured[value] for key, value in names.items()}
    with closing(psycopg2.connect(dbname="postgres", **place)) as bare:
        bare.autocommit = True
        cursor = bare.cursor()
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        yield os.environ | {"POSTGRES_NAME": name, "DJANGO_SETTINGS_MODULE": "ocpizza.settings.development"}
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{name}_%"])
        for (role,) in cursor.fetchall():
            cursor.execute(f'DROP ROLE "{role}"')


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_whole_group_comes_back_in_another_database(pizzeria, own_shop, tmp_path, another_database):
    path = saving.back_up_group(folder=tmp_path, now=timezone.now())
    assert "en service" in refused("restore_group", str(path))
    manage(another_database, "migrate")
    assert own_shop.slug in manage(another_database, "restore_group", str(path))
    assert "tout concorde" in manage(another_database, "check_invariants")
    with files.reading(path) as backup:
        assert f"{len(backup.manifest.shops)} pizzeria(s)" in manage(another_database, "check_invariants")
