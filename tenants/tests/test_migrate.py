"""Bringing every shop to the newest migration (ADR 0006): tomorrow's migration is written by the test."""

import importlib
import textwrap
import uuid
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps

from tenant_apps.shop import migrations as shop_migrations
from tenants import roles, schemas
from tenants.backend.base import LOGIN, OWNER
from tenants.models import Pizzeria
from tenants.schemas import Outcome

pytestmark = pytest.mark.django_db
ADD_A_COLUMN = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shop", "{last}")]
        operations = [
            migrations.AddField("shopsettings", "motto", models.CharField(default="100 % maison", max_length=40)),
            migrations.AddConstraint(
                "shopsettings",
                models.CheckConstraint(condition=~models.Q(motto="%s"), name="a_motto_is_no_placeholder"),
            ),
        ]
"""
RUN_PYTHON = """
    from django.db import migrations

    def widen(apps, schema_editor):
        apps.get_model("shop", "ShopSettings").objects.update(delivery_radius_m=4321)

    class Migration(migrations.Migration):
        dependencies = [("shop", "{last}")]
        operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
"""
SHOPS = ["shop_nation", "shop_voisine"]
Tomorrow = Callable[[str], None]


@pytest.fixture
def tomorrow(tmp_path, settings, monkeypatch) -> Iterator[Tomorrow]:
    """Adds a migration to those of `shop`."""
    folder = tmp_path / f"migrations_{uuid.uuid4().hex}"  # Python imports a name once
    folder.mkdir()
    for path in Path(shop_migrations.__path__[0]).glob("*.py"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def write(migration: str) -> None:
        last = max(path.stem for path in folder.glob("0*.py"))
        text = textwrap.dedent(migration).replace("{last}", last)
        (folder / "9999_tomorrow.py").write_text(text, encoding="utf-8")
        settings.MIGRATION_MODULES = {"shop": folder.name}
        importlib.invalidate_caches()
        schemas.on_disk.cache_clear()

    yield write
    schemas.on_disk.cache_clear()


def migrate() -> dict[str, Outcome]:
    reported: list[Outcome] = []
    outcomes = schemas.migrate_all(report=reported.append)
    assert reported == outcomes
    return {outcome.schema_name: outcome for outcome in outcomes}


def ask(sql: str) -> list[tuple[object, ...]]:
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.cursor.execute(sql)
        return cursor.fetchall() if cursor.cursor.description else []


def mottos(schema: str) -> list[tuple[object, ...]]:
    return ask(f"SELECT motto FROM {schema}.shop_shopsettings")


def recorded(schema: str) -> bool:
    return bool(ask(f"SELECT 1 FROM {schema}.django_migrations WHERE app = 'shop' AND name = '9999_tomorrow'"))


def test_shops_are_made_up_to_date():
    assert migrate() == {name: Outcome(name, 0) for name in SHOPS}


def test_migrating_twice_does_nothing_the_second_time(tomorrow):
    tomorrow(ADD_A_COLUMN)
    assert migrate() == {name: Outcome(name, 1) for name in SHOPS}
    assert migrate() == {name: Outcome(name, 0) for name in SHOPS}
    for name in SHOPS:
        assert mottos(name) == [("100 % maison",)]
        assert recorded(name)


POSTER = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shop", "{last}")]
        operations = [migrations.CreateModel("Poster", [("id", models.BigAutoField(primary_key=True))])]
"""
PYTHON_AND_A_TABLE = POSTER.replace("[migrations.CreateModel", "[migrations.RunPython(print), migrations.CreateModel")


def may(holder: str, right: str, table: str) -> bool:
    ((allowed,),) = ask(f"SELECT has_table_privilege('{roles.shop_role(holder)}', '{table}', '{right}')")
    return bool(allowed)


@pytest.mark.parametrize("migration", [POSTER, PYTHON_AND_A_TABLE], ids=["replayed", "by the executor"])
def test_a_new_table_is_open_to_its_shop_and_to_no_other(tomorrow, monkeypatch, migration):
    with isolate_apps("tenant_apps.shop") as tomorrows_apps:

        class Poster(models.Model):
            append_only = True

            class Meta:
                app_label = "shop"

    monkeypatch.setattr(roles, "apps", tomorrows_apps)
    tomorrow(migration)
    assert {outcome.error for outcome in migrate().values()} == {""}
    for holder in SHOPS:
        for owner in SHOPS:
            rights = [
                right
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
                if may(holder, right, f"{owner}.shop_poster")
            ]
            assert rights == (["SELECT", "INSERT"] if holder == owner else [])


def rights_as_written(schema: str) -> list[tuple[object, ...]]:
    return ask(f"SELECT relname, xmin, relacl::text FROM pg_class WHERE relnamespace = '{schema}'::regnamespace")


def test_rights_that_are_right_are_not_written_again(tomorrow):
    """`GRANT … ON ALL TABLES` read the tables of every shop for each of them: at 500 shops, minutes for one column."""
    with roles.acting_as(OWNER):
        assert [roles.rights_to_put_right(name) for name in SHOPS] == [{}, {}]
    tomorrow(ADD_A_COLUMN)
    before = {name: rights_as_written(name) for name in SHOPS}
    migrate()
    for name in SHOPS:
        touched = {row[0] for row in set(before[name]) ^ set(rights_as_written(name))}
        assert touched == {"shop_shopsettings"}  # its number of columns


def test_rights_that_went_astray_are_put_right_by_the_next_migration(tomorrow):
    for name in SHOPS:
        ask(f'GRANT DELETE ON {name}.till_entry TO "{roles.shop_role(name)}"')
        ask(f'REVOKE ALL ON {name}.orders_order FROM "{roles.shop_role(name)}"')
    tomorrow(ADD_A_COLUMN)
    migrate()
    for name in SHOPS:
        assert not may(name, "DELETE", f"{name}.till_entry")
        assert may(name, "INSERT", f"{name}.till_entry")
        assert may(name, "UPDATE", f"{name}.orders_order")


def test_a_shop_made_after_the_migration_has_it(tomorrow):
    tomorrow(ADD_A_COLUMN)
    schemas.create(schema_name="shop_nouvelle")
    assert mottos("shop_nouvelle") == []
    assert recorded("shop_nouvelle")
    columns = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '{}' ORDER BY 1, 2"
    migrate()
    assert ask(columns.format("shop_nouvelle")) == ask(columns.format("shop_nation"))


def test_a_shop_that_was_left_behind_is_brought_along_with_the_others(tomorrow):
    tomorrow(ADD_A_COLUMN)
    ask("ALTER TABLE shop_voisine.shop_shopsettings ADD COLUMN motto varchar(40) NOT NULL DEFAULT 'sa devise'")
    ask("ALTER TABLE shop_voisine.shop_shopsettings ADD CONSTRAINT a_motto_is_no_placeholder CHECK (motto <> '%s')")
    ask("INSERT INTO shop_voisine.django_migrations (app, name, applied) VALUES ('shop', '9999_tomorrow', now())")
    assert migrate() == {"shop_nation": Outcome("shop_nation", 1), "shop_voisine": Outcome("shop_voisine", 0)}
    assert mottos("shop_voisine") == [("sa devise",)]


@pytest.mark.parametrize("failing", SHOPS)
def test_a_schema_that_fails_is_reported_the_others_go_on_and_the_next_run_resumes(tomorrow, failing):
    tomorrow(ADD_A_COLUMN)
    (other,) = set(SHOPS) - {failing}
    ask(f"ALTER TABLE {failing}.shop_shopsettings ADD COLUMN motto integer")
    outcomes = migrate()
    assert "motto" in outcomes[failing].error
    assert outcomes[failing].migrations == 0
    assert "\n" not in outcomes[failing].error
    assert outcomes[other] == Outcome(other, 1)
    assert (recorded(failing), recorded(other)) == (False, True)
    ask(f"ALTER TABLE {failing}.shop_shopsettings DROP COLUMN motto")
    assert migrate() == {failing: Outcome(failing, 1), other: Outcome(other, 0)}


def test_a_schema_that_fails_half_way_keeps_nothing_of_the_migration(tomorrow):
    tomorrow(ADD_A_COLUMN)
    ask("ALTER TABLE shop_nation.shop_shopsettings ADD CONSTRAINT a_motto_is_no_placeholder CHECK (true)")
    assert "a_motto_is_no_placeholder" in migrate()["shop_nation"].error
    assert (
        ask("SELECT 1 FROM information_schema.columns WHERE table_schema = 'shop_nation' AND column_name = 'motto'")
        == []
    )


@pytest.fixture
def busy_shop() -> Iterator[psycopg2.extensions.connection]:
    """Somebody reads the settings of « nation » and does not let go."""
    database = connection.settings_dict
    reading = psycopg2.connect(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"] or None,
    )
    with reading.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '5s'")  # a migration that waits must fail, not hang
        cursor.execute(f'SET ROLE "{roles.shop_role("shop_nation")}"')
        cursor.execute("LOCK TABLE shop_nation.shop_shopsettings IN ACCESS SHARE MODE")
    yield reading
    reading.close()


def test_a_table_in_use_does_not_hold_the_migration_for_ever(tomorrow, busy_shop, monkeypatch):
    monkeypatch.setattr(schemas, "LOCK_TIMEOUT", "SET LOCAL lock_timeout = '100ms';")
    tomorrow(ADD_A_COLUMN)
    outcomes = migrate()
    assert "lock timeout" in outcomes["shop_nation"].error
    assert outcomes["shop_voisine"] == Outcome("shop_voisine", 1)
    busy_shop.rollback()
    assert migrate()["shop_nation"] == Outcome("shop_nation", 1)


def test_the_lock_timeout_is_of_seconds():
    with connection.cursor() as cursor:
        cursor.execute(schemas.LOCK_TIMEOUT)
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'")
        assert 0 < cursor.fetchone()[0] <= 10_000


def test_a_migration_that_runs_python_runs_in_every_shop(tomorrow):
    tomorrow(RUN_PYTHON)
    assert migrate() == {name: Outcome(name, 1) for name in SHOPS}
    for name in SHOPS:
        assert ask(f"SELECT delivery_radius_m FROM {name}.shop_shopsettings") == [(4321,)]
    assert migrate() == {name: Outcome(name, 0) for name in SHOPS}


def test_a_python_error_in_one_shop_is_reported_and_the_others_go_on(tomorrow):
    tomorrow(RUN_PYTHON.replace(".update(delivery_radius_m=4321)", ".get(delivery_radius_m=5000)"))
    ask("UPDATE shop_nation.shop_shopsettings SET delivery_radius_m = 1")
    outcomes = migrate()
    assert outcomes["shop_nation"].error
    assert outcomes["shop_voisine"] == Outcome("shop_voisine", 1)


def test_a_migration_that_runs_python_does_not_wait_for_ever_either(tomorrow):
    tomorrow(
        RUN_PYTHON.replace(
            "apps.get_model",
            "schema_editor.execute(\"DO $$ BEGIN ASSERT current_setting('lock_timeout') <> '0'; END $$\");"
            " apps.get_model",
        )
    )
    assert {outcome.error for outcome in migrate().values()} == {""}


def test_the_command_says_what_it_did_and_then_that_nothing_is_left(tomorrow):
    tomorrow(ADD_A_COLUMN)
    first, second = StringIO(), StringIO()
    call_command("migrate_pizzerias", shops_only=True, stdout=first)
    assert "shop_nation : 1 migration(s)" in first.getvalue()
    call_command("migrate_pizzerias", shops_only=True, stdout=second)
    assert second.getvalue() == f"{Pizzeria.objects.count()} pizzeria(s) à jour.\n"


def test_the_command_fails_and_names_the_shops_that_failed(tomorrow):
    tomorrow(ADD_A_COLUMN)
    ask("ALTER TABLE shop_voisine.shop_shopsettings ADD COLUMN motto integer")
    errors = StringIO()
    with pytest.raises(CommandError, match=r"1 schéma\(s\) non migré\(s\) : shop_voisine"):
        call_command("migrate_pizzerias", shops_only=True, stdout=StringIO(), stderr=errors)
    assert "motto" in errors.getvalue()


def test_migrating_leaves_the_connection_as_it_found_it():
    migrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_user")
        assert cursor.fetchone() == ("public", f"{connection.settings_dict['NAME']}_app")
    assert connection.acting_as not in (OWNER, LOGIN)
