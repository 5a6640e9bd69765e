"""What one shop may never do to another, held by PostgreSQL (ADR 0019)."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import RequestFactory
from django_tenants.utils import schema_context
from psycopg2.errors import InsufficientPrivilege

from conftest import place, proof_size
from shared_apps.catalogue.models import Ingredient
from tenant_apps.orders.models import Order
from tenant_apps.shop.models import ShopSettings
from tenants import hosts, roles, schemas
from tenants.backend.base import LOGIN, OWNER
from tenants.middleware import PizzeriaMiddleware

TENANT_LABELS = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
TENANT_MODELS = [model for model in apps.get_models() if model._meta.app_label in TENANT_LABELS]
ERRORS = (DatabaseError, psycopg2.Error)
APPEND_ONLY = [model for model in apps.get_models() if getattr(model, "append_only", False)]


def name_of(model: type[Model]) -> str:
    return model._meta.db_table


def ask(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def is_refused(sql: str) -> bool:
    """Refused for want of a right; any other error is one."""
    try:
        with transaction.atomic():
            ask(sql)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        return True
    return False


def who() -> tuple[str, str]:
    ((schema, user),) = ask("SELECT current_schema(), current_user")
    return schema, user


def shop_user(schema: str) -> tuple[str, str]:
    return schema, f"{connection.settings_dict['NAME']}_{schema}"


def test_the_driver_is_psycopg2():
    assert connection.Database.__name__ == "psycopg2"
    assert connection.Database is psycopg2


def test_a_shop_s_connection_is_in_its_schema_and_has_its_role(shop):
    assert who() == shop_user(shop.schema_name)


@pytest.mark.django_db
def test_outside_any_shop_the_connection_is_the_application_s():
    assert who() == ("public", f"{connection.settings_dict['NAME']}_app")


@pytest.mark.parametrize("model", TENANT_MODELS, ids=name_of)
def test_a_shop_cannot_read_another_shop_s_table(shop, neighbour, model):
    assert is_refused(f"SELECT * FROM {neighbour.schema_name}.{name_of(model)}")
    assert not is_refused(f"SELECT * FROM {shop.schema_name}.{name_of(model)}")


@pytest.mark.parametrize("model", TENANT_MODELS, ids=name_of)
def test_outside_a_shop_no_shop_s_table_can_be_read(shop, model):
    connection.set_schema_to_public()
    assert is_refused(f"SELECT * FROM {shop.schema_name}.{name_of(model)}")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO {schema}.shop_closure (day, reason) VALUES ('2026-12-25', 'Noël')",
        "UPDATE {schema}.shop_shopsettings SET takes_orders = false",
        "DELETE FROM {schema}.shop_openingrange",
        "TRUNCATE {schema}.shop_openingrange",
        "SELECT nextval('{schema}.orders_order_id_seq')",
        "CREATE TABLE {schema}.mine (id integer)",
        "DROP TABLE {schema}.shop_closure",
        "DROP SCHEMA {schema} CASCADE",
    ],
)
def test_a_shop_can_change_nothing_of_another_shop(shop, neighbour, sql):
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        ask(sql.format(schema=neighbour.schema_name))
    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (id integer)",
        "ALTER TABLE orders_order DROP CONSTRAINT order_total_is_items_plus_delivery",
        "ALTER TABLE stock_stocklevel DROP CONSTRAINT stock_never_negative",
        "DROP TABLE shop_closure",
        "TRUNCATE orders_order CASCADE",
        "SELECT * FROM django_migrations",
    ],
)
def test_a_shop_s_role_cannot_change_its_own_schema(shop, sql):
    assert is_refused(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE catalogue_variant SET price_cents = 1",
        "UPDATE tenants_pizzeria SET state = 'closed'",
        "INSERT INTO accounts_membership (user_id, role, created_at) SELECT id, 'head_office', now() FROM accounts_user",
        "DELETE FROM accounts_user",
    ],
)
def test_a_shop_cannot_change_what_belongs_to_the_group(shop, sql):
    assert is_refused(sql)


def test_there_is_something_that_is_only_ever_appended_to():
    assert {"orders_orderevent", "stock_movement", "accounts_auditentry"} <= {name_of(model) for model in APPEND_ONLY}


@pytest.mark.parametrize("verb", ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("model", APPEND_ONLY, ids=name_of)
def test_what_is_only_appended_to_is_neither_changed_nor_deleted_by_a_shop(shop, model, verb):
    assert is_refused(verb.format(table=name_of(model)))


@pytest.mark.parametrize("verb", ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("model", [model for model in APPEND_ONLY if model not in TENANT_MODELS], ids=name_of)
def test_what_is_only_appended_to_is_neither_changed_nor_deleted_by_the_application(db, model, verb):
    assert is_refused(verb.format(table=name_of(model)))


def test_events_are_written_all_the_same(shop):
    order = place(shop)
    assert order.events.count() == 1
    assert is_refused(f"UPDATE orders_orderevent SET reason = 'autre' WHERE order_id = {order.pk}")


def test_an_order_of_one_shop_is_not_in_another(shop, neighbour):
    reference = place(shop).reference
    with schema_context(neighbour.schema_name):
        assert not Order.objects.filter(reference=reference).exists()
    assert Order.objects.filter(reference=reference).exists()


def test_the_login_has_no_right_of_its_own(shop):
    with roles.acting_as(LOGIN):
        assert is_refused(f"SELECT * FROM {shop.schema_name}.orders_order")
        assert is_refused("SELECT * FROM public.accounts_user")


def test_acting_as_somebody_ends_with_the_block_even_by_an_error(shop):
    with pytest.raises(ZeroDivisionError), roles.acting_as(OWNER):
        _ = 1 / len(ask("SELECT 1 WHERE false"))
    assert who() == shop_user(shop.schema_name)


def test_a_rollback_leaves_the_connection_in_its_shop(own_shop):
    connection.set_schema_to_public()
    assert who()[0] == "public"
    with schema_context(own_shop.schema_name):
        with transaction.atomic():
            assert who() == shop_user(own_shop.schema_name)  # the switch happened in the transaction
            transaction.set_rollback(True)
        assert who() == shop_user(own_shop.schema_name)
    assert who()[0] == "public"


def test_a_rollback_to_a_savepoint_leaves_the_connection_in_its_shop(shop, neighbour):
    with transaction.atomic():
        connection.set_schema(neighbour.schema_name)
        assert who() == shop_user(neighbour.schema_name)
        transaction.set_rollback(True)
    assert who() == shop_user(neighbour.schema_name)
    connection.set_schema(shop.schema_name)
    assert who() == shop_user(shop.schema_name)


def test_an_error_of_sql_leaves_the_connection_in_its_shop(shop, neighbour):
    with schema_context(neighbour.schema_name):
        with pytest.raises(DatabaseError), transaction.atomic():
            ask("SELECT 1 / 0")
        assert who() == shop_user(neighbour.schema_name)
    assert who() == shop_user(shop.schema_name)


def drop_role(schema: str) -> None:
    """As an operator's mistake would: the role is gone, the schema is there."""
    role = connection.ops.quote_name(roles.shop_role(schema))
    with roles.acting_as(OWNER):
        for what in ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "SCHEMA"):
            ask(f"REVOKE ALL ON {what} {schema} FROM {role}")
    with roles.acting_as(LOGIN):
        ask(f"DROP ROLE {role}")


def test_without_its_role_a_shop_s_next_query_fails_and_shows_nobody_else_s_rows(own_shop):
    with schema_context("shop_nation"):
        assert who() == shop_user("shop_nation")  # what the connection was before must not show through
        drop_role(own_shop.schema_name)
        assert who() == shop_user("shop_nation")
        connection.set_schema(own_shop.schema_name)
        for _ in range(3):  # a failed switch is forgotten by nobody: every query fails, on a new connection too
            with pytest.raises(ERRORS, match="does not exist"):
                ShopSettings.objects.get()
            assert connection.connection is None
        connection.set_schema("shop_nation")
        assert who() == shop_user("shop_nation")


def test_without_its_role_a_shop_s_page_fails_and_the_next_page_of_another_works(own_shop):
    pages = PizzeriaMiddleware(lambda request: HttpResponse(f"{who()} {ShopSettings.objects.count()}"))

    def page(slug: str) -> str:
        request = RequestFactory().get("/", headers={"host": f"{slug}.{settings.BASE_DOMAIN}"})
        return pages(request).content.decode()

    hosts.forget()
    assert page("nation") == f"{shop_user('shop_nation')} 1"
    assert page(own_shop.slug) == f"{shop_user(own_shop.schema_name)} 1"
    drop_role(own_shop.schema_name)
    with pytest.raises(ERRORS):
        page(own_shop.slug)
    assert page("nation") == f"{shop_user('shop_nation')} 1"
    with pytest.raises(ERRORS):
        page(own_shop.slug)


def test_a_schema_that_does_not_exist_shows_nothing_of_the_group(db):
    with pytest.raises(ERRORS), transaction.atomic(), schema_context("shop_atlantis"):
        ask("SELECT count(*) FROM accounts_user")


@pytest.mark.proof
@pytest.mark.django_db
def test_threads_on_different_shops_never_see_one_another():
    threads, queries = 8, proof_size(60, 12_500)
    schemas = ["shop_nation", "shop_voisine", "public"]
    together = threading.Barrier(threads, timeout=30)

    def visits(seed: int) -> list[tuple[str, str, str]]:
        """(schema asked for, schema seen, role seen) of each query, in a shop drawn each time."""
        drawn, seen = random.Random(seed), []
        try:
            for _ in range(queries):
                schema = drawn.choice(schemas)
                with schema_context(schema):
                    together.wait()
                    seen.append((schema, *who()))
        finally:
            connection.close()
        return seen

    with ThreadPoolExecutor(threads) as pool:
        answers = [answer for seen in pool.map(visits, range(threads)) for answer in seen]
    database = connection.settings_dict["NAME"]
    assert len(answers) == threads * queries
    assert {schema for schema, _schema, _user in answers} == set(schemas)
    for asked, schema, user in answers:
        assert (schema, user) == (asked, f"{database}_{'app' if asked == 'public' else asked}")


def test_a_new_thread_begins_outside_any_shop(shop):
    def visit() -> tuple[str, str]:
        try:
            return who()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(visit).result() == ("public", f"{connection.settings_dict['NAME']}_app")


def test_a_shop_keeps_its_rights_while_they_are_granted_anew(own_shop):
    """What a deployment does under the feet of the release that serves."""
    refused: list[str] = []
    over = threading.Event()

    def reads() -> int:
        count = 0
        try:
            with schema_context(own_shop.schema_name):
                while not over.is_set():
                    count += 1
                    try:
                        Ingredient.objects.count()
                    except DatabaseError as error:
                        refused.append(str(error))
        finally:
            connection.close()
        return count

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(reads) for _reader in range(2)]
        try:
            for _migration in range(5):
                with schemas.as_owner_of("public"):
                    roles.grant_public()
        finally:
            over.set()
        assert all(reader.result() > 20 for reader in readers)
    assert refused == []
