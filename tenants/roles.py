"""PostgreSQL roles and every grant of the system, written here and nowhere else (ADR 0019).

Names carry the database's, since roles belong to the whole cluster:

- `<db>_owner` owns the schemas and runs migrations;
- `<db>_app` is the site outside any shop: it reads and writes the public schema and no shop's;
- `<db>_shops` holds what every shop may do in the public schema;
- `<db>_shop_<slug>`, one a shop, a member of `<db>_shops`, has its own schema and no other.

The login (POSTGRES_USER) is NOINHERIT: it has no right of its own until it takes one of these roles. This stops
mistakes; it does not stop SQL injection, since whoever can send SQL can RESET ROLE.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Model

from tenants.backend.base import LOGIN
from tenants.database import connection

# What a shop may do in the public schema, by application; the rest it may not touch.
READ = ("catalogue", "tenants", "accounts", "auth", "contenttypes")
WRITE = ("baskets", "customers", "told", "sales", "places", "sessions", "django_q", "gateway")
OF_A_TABLE = {
    "legal_version": "SELECT",  # the terms that an order is placed under; what is being written is no shop's
    "accounts_auditentry": "SELECT, INSERT",
    "accounts_user": "SELECT, UPDATE",  # last_login at sign-in
}


@contextmanager
def acting_as(duty: str) -> Iterator[None]:
    """Within the block this connection is the login, the owner of the schemas, or the application (the default)."""
    before = connection.acting_as
    connection.act_as(duty)
    try:
        yield
    finally:
        connection.act_as(before)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)


def _database() -> str:
    return connection.settings_dict["NAME"]


def shop_role(schema_name: str) -> str:
    return f"{_database()}_{schema_name}"


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _create(role: str, options: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone():
            return
        cursor.execute(f"CREATE ROLE {_quote(role)} {options}")
        # Before PostgreSQL 16 the creator is no member of what it creates; since, it must ask for SET.
        may_set = " WITH INHERIT FALSE, SET TRUE" if connection.pg_version >= 160000 else ""
        cursor.execute(f"GRANT {_quote(role)} TO session_user{may_set}")


def prepare_database() -> None:
    """Creates the roles of the database itself, before its first migration. Safe to run again."""
    database, owner = _database(), f"{_database()}_owner"
    with acting_as(LOGIN):
        for suffix in ("owner", "app", "shops"):
            _create(f"{database}_{suffix}")
        _run(f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {_quote(database)} TO {_quote(owner)}")
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [owner])
            ready = cursor.fetchone()[0]
        if not ready:
            _run("SET ROLE pg_database_owner", f"GRANT ALL ON SCHEMA public TO {_quote(owner)}", "RESET ROLE")


@transaction.atomic  # the release before goes on serving: no moment without its rights
def grant_public() -> None:
    """Rights in the public schema, by the owner, after every migration of it."""
    application, shops = _quote(f"{_database()}_app"), _quote(f"{_database()}_shops")
    tables = dict(_rights_of_shops())
    _run(
        f"GRANT USAGE ON SCHEMA public TO {application}, {shops}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {application}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {shops}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {application}, {shops}",
        *(f"GRANT {rights} ON {_quote(table)} TO {shops}" for table, rights in tables.items()),
        *_append_only("public", application, _models(of_a_shop=False)),
    )


def _models(*, of_a_shop: bool) -> list[type[Model]]:
    """The models whose tables are in a shop's schema, or those of the public one."""
    labels = {config.label for config in apps.get_app_configs() if (config.name in settings.TENANT_APPS) == of_a_shop}
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in labels]


def _rights_of_shops() -> Iterator[tuple[str, str]]:
    for model in _models(of_a_shop=False):
        table, label = model._meta.db_table, model._meta.app_label
        if table in OF_A_TABLE:
            yield table, OF_A_TABLE[table]
        elif label in READ:
            yield table, "SELECT"
        elif label in WRITE:
            yield table, _rights_on(model)


def _rights_on(model: type[Model]) -> str:
    """Of who writes in its table, as `_append_only` leaves them."""
    if getattr(model, "append_only", False):
        return "SELECT, INSERT"
    return "SELECT, INSERT, UPDATE" if getattr(model, "never_deleted", False) else "SELECT, INSERT, UPDATE, DELETE"


def _append_only(schema: str, role: str, models: Iterable[type[Model]]) -> list[str]:
    """A model with `append_only = True` keeps its rows for ever: no right to change or delete one is given.

    One with `never_deleted = True` changes its rows and loses none.
    """
    taken: list[str] = []
    for model in models:
        table = f"{_quote(schema)}.{_quote(model._meta.db_table)}"
        if getattr(model, "append_only", False):
            taken.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")
        elif getattr(model, "never_deleted", False):
            taken.append(f"REVOKE DELETE, TRUNCATE ON {table} FROM {role}")
    return taken


def create_shop_role(schema_name: str) -> None:
    with acting_as(LOGIN):
        _create(shop_role(schema_name))
        # Made by the login, which alone may administer both roles.
        _run(f"GRANT {_quote(f'{_database()}_shops')} TO {_quote(shop_role(schema_name))}")


def shop_grants(schema_name: str) -> str:
    """The statements that open a shop's schema to its role and to nobody else, for the owner to run."""
    schema, role = _quote(schema_name), _quote(shop_role(schema_name))
    return ";".join(
        [
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            f"REVOKE ALL ON {schema}.django_migrations FROM {role}",
            *_append_only(schema_name, role, _models(of_a_shop=True)),
        ]
    )


def _rights_in_a_shop() -> dict[str, str]:
    return {model._meta.db_table: _rights_on(model) for model in _models(of_a_shop=True)}


def rights_to_put_right(schema_name: str) -> dict[str, str]:
    """Tables of the models that are not there yet, or where the shop's role may do less or more than the rights given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, string_agg(privilege_type, ', ') FROM pg_class, aclexplode(relacl)"
            " WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s) AND grantee = to_regrole(%s) GROUP BY 1",
            [schema_name, list(wanted := _rights_in_a_shop()), _quote(shop_role(schema_name))],
        )
        found = {table: set(rights.split(", ")) for table, rights in cursor.fetchall()}
    return {table: rights for table, rights in wanted.items() if found.get(table) != set(rights.split(", "))}


def grants_anew(schema_name: str, rights_on: Mapping[str, str]) -> str:
    """The statements that leave the shop's role these rights on these tables, for the owner to run.

    Those alone: `ALL TABLES IN SCHEMA` reads the tables of every shop to find this one's, and writes each of them again.
    """
    role = _quote(shop_role(schema_name))
    names = {f"{_quote(schema_name)}.{_quote(table)}": rights for table, rights in rights_on.items()}
    return " ".join(
        f"REVOKE ALL ON {name} FROM {role}; GRANT {rights} ON {name} TO {role};" for name, rights in names.items()
    )


def shop_revocations(schema_name: str, of: str) -> str:
    """The statements that take a schema away from the role of the shop `of`, for the owner to run."""
    schema, role = _quote(schema_name), _quote(shop_role(of))
    return (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role};"
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role};"
        f"REVOKE ALL ON SCHEMA {schema} FROM {role}"
    )


def drop_shop_role(schema_name: str) -> None:
    with acting_as(LOGIN):
        _run(f"DROP ROLE IF EXISTS {_quote(shop_role(schema_name))}")
