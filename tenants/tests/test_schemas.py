"""A schema made by replaying DDL is the one that the migrations would have made (ADR 0005)."""

import importlib
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django_tenants.utils import schema_context

from conftest import plan
from shared_apps.onboarding import services
from tenant_apps.shop import migrations as shop_migrations
from tenants import roles, schemas
from tenants.backend.base import OWNER
from tenants.models import SchemaDefinition

pytestmark = pytest.mark.django_db

RELATIONS = """
    SELECT relname, relkind, relpersistence, pg_get_userbyid(relowner)
    FROM pg_class WHERE relnamespace = %(schema)s::regnamespace
"""
COLUMNS = """
    SELECT relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
           coalesce(collname, ''), coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0
          AND NOT attisdropped
"""
SEEN_BY_APPLICATIONS = """
    SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, numeric_precision,
           numeric_scale, is_nullable, column_default, is_identity, identity_generation
    FROM information_schema.columns WHERE table_schema = %(schema)s
"""
CONSTRAINTS = """
    SELECT relname, conname, contype, condeferrable, condeferred, convalidated, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace = %(schema)s::regnamespace
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s"
SEQUENCES = """
    SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size
    FROM pg_sequences WHERE schemaname = %(schema)s
"""
TRIGGERS_AND_FUNCTIONS = """
    SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = %(schema)s::regnamespace AND NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
"""
CATALOG = {
    "relations": RELATIONS,
    "columns": COLUMNS,
    "columns as applications see them": SEEN_BY_APPLICATIONS,
    "constraints": CONSTRAINTS,
    "indexes": INDEXES,
    "sequences": SEQUENCES,
}


def question(sql: str, schema: str) -> list[tuple[object, ...]]:
    """The answer with the schema's own name taken out of every definition."""
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(sql, {"schema": schema})
        rows = cursor.fetchall()
    return sorted(
        (tuple(value.replace(schema, "<shop>") if isinstance(value, str) else value for value in row) for row in rows),
        key=repr,
    )


def applied(schema: str) -> list[tuple[object, ...]]:
    return question(f"SELECT app, name FROM {schema}.django_migrations", schema)


@pytest.fixture
def replayed(db) -> str:
    """The schema of a shop as a pizzeria gets it."""
    with transaction.atomic():
        schemas.create(schema_name="shop_replayed")
    return "shop_replayed"


@pytest.fixture
def migrated(db) -> str:
    """The schema of a shop as Django's own migrations make it."""
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shop_migrated")
    with roles.acting_as(OWNER), schema_context("shop_migrated"):
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    return "shop_migrated"


def test_replayed_ddl_and_migrations_give_the_same_catalog(replayed, migrated):
    for part, sql in CATALOG.items():
        expected = question(sql, migrated)
        assert len(expected) >= 10, part
        assert question(sql, replayed) == expected, part


def test_the_comparison_sees_a_constraint_and_an_index_that_differ(replayed, migrated):
    with roles.acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE shop_replayed.stock_stocklevel"
            " RENAME CONSTRAINT stock_never_negative TO stock_stocklevel_check"
        )
        cursor.execute("DROP INDEX shop_replayed.order_by_placed")
    assert question(CONSTRAINTS, replayed) != question(CONSTRAINTS, migrated)
    assert question(INDEXES, replayed) != question(INDEXES, migrated)


def test_a_new_schema_believes_what_migrations_believe_of_themselves(replayed, migrated):
    assert applied(replayed) == applied(migrated)
    with roles.acting_as(OWNER), schema_context(replayed):
        executor = MigrationExecutor(connection)
        assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_constraints_read_as_the_rules_they_hold(replayed):
    names = {row[1] for row in question(CONSTRAINTS, replayed)}
    assert {"stock_never_negative", "reserved_never_negative", "slot_never_over_capacity"} <= names


def test_a_shop_s_tables_refer_to_the_tables_of_the_group(replayed):
    definitions = [row[-1] for row in question(CONSTRAINTS, replayed)]
    for table in ("catalogue_ingredient", "catalogue_variant", "accounts_user"):
        assert any(f"REFERENCES {table}(" in definition for definition in definitions), table


def test_no_user_product_nor_session_lives_in_a_shop(replayed):
    tables = {row[0] for row in question(RELATIONS, replayed) if row[1] == "r"}
    assert "orders_order" in tables
    foreign = {name for name in tables if name.split("_")[0] in ("accounts", "auth", "catalogue", "customers", "sales")}
    assert foreign == set()
    assert not tables & {"django_session", "django_content_type", "django_q_ormq", "tenants_pizzeria"}


def test_no_trigger_and_no_function_so_that_shops_can_be_distributed(replayed):
    assert question(TRIGGERS_AND_FUNCTIONS, replayed) == []


def test_the_owner_owns_the_schema_and_all_that_is_in_it(replayed):
    owner = f"{connection.settings_dict['NAME']}_owner"
    assert {row[3] for row in question(RELATIONS, replayed)} == {owner}
    assert question("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %(schema)s", replayed) == [
        (owner,)
    ]


def test_the_ddl_is_computed_once_per_state_of_the_migrations(db):
    with roles.acting_as(OWNER):
        SchemaDefinition.objects.all().delete()
    schemas.create(schema_name="shop_first")
    kept = SchemaDefinition.objects.get()
    schemas.create(schema_name="shop_second")
    assert SchemaDefinition.objects.get().made_at == kept.made_at
    assert question(CONSTRAINTS, "shop_first") == question(CONSTRAINTS, "shop_second")


def test_a_dropped_schema_leaves_neither_tables_nor_a_role(db):
    schemas.create(schema_name="shop_gone")
    assert exists("shop_gone") == (1, 1)
    schemas.drop(schema_name="shop_gone")
    assert exists("shop_gone") == (0, 0)


def exists(schema: str) -> tuple[int, int]:
    """How many schemas and how many roles have its name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s),"
            " (SELECT count(*) FROM pg_roles WHERE rolname = %s)",
            [schema, roles.shop_role(schema)],
        )
        return cursor.fetchone()


def test_what_is_rolled_back_leaves_neither_tables_nor_a_role(db):
    with transaction.atomic():
        services.open_pizzeria(plan=plan("ephemere"))
        assert exists("shop_ephemere") == (1, 1)
        transaction.set_rollback(True)
    assert exists("shop_ephemere") == (0, 0)


@pytest.fixture
def shop_migrations_of_tomorrow(tmp_path, settings, monkeypatch) -> Iterator[Path]:
    """The migrations of `shop` in a folder of their own, to which a test adds the next one."""
    folder = tmp_path / f"migrations_{uuid.uuid4().hex}"  # Python imports a name once
    folder.mkdir()
    for path in Path(shop_migrations.__path__[0]).glob("*.py"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {"shop": folder.name}
    schemas.on_disk.cache_clear()
    yield folder
    schemas.on_disk.cache_clear()


def test_a_migration_that_runs_python_is_run_in_the_new_schema(db, shop_migrations_of_tomorrow):
    last = max(path.stem for path in shop_migrations_of_tomorrow.glob("0*.py"))
    (shop_migrations_of_tomorrow / "9999_settings_of_a_new_shop.py").write_text(
        textwrap.dedent(
            f"""
            from django.db import migrations

            def fill(apps, schema_editor):
                apps.get_model("shop", "ShopSettings").objects.create(delivery_radius_m=4321)

            class Migration(migrations.Migration):
                dependencies = [("shop", "{last}")]
                operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
            """
        )
    )
    importlib.invalidate_caches()
    schemas.create(schema_name="shop_with_python")
    assert question("SELECT delivery_radius_m FROM shop_with_python.shop_shopsettings", "shop_with_python") == [(4321,)]
