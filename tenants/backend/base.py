"""django-tenants' PostgreSQL backend, made to fail closed: the schema and the role are set together or not at all.

django-tenants swallows an error of its own `SET search_path`, and a page of one shop then runs as whatever the
connection was before. Here a failed switch closes the connection and raises (ADR 0019).
"""

from typing import Any

from django_tenants.postgresql_backend import base
from django_tenants.utils import get_public_schema_name, quote_schema_name
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from shared_apps.core import logs

LOGIN, OWNER, APPLICATION = "login", "owner", "application"


class DatabaseWrapper(base.DatabaseWrapper):
    # What this connection does, hence its role: the application by default; see `tenants.roles.acting_as`.
    acting_as = APPLICATION
    _setting_search_path: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(logs.watch)

    def act_as(self, duty: str) -> None:
        self.acting_as = duty
        self.search_path_set_schemas = None

    @property
    def role(self) -> str | None:
        """The role this connection takes; None stays the login itself, which NOINHERIT leaves without any right."""
        database = self.settings_dict["NAME"]
        if self.acting_as == LOGIN or not database:  # without a database: CREATE and DROP DATABASE of the tests
            return None
        if self.acting_as == OWNER:
            return f"{database}_owner"
        if self.schema_name == get_public_schema_name():
            return f"{database}_app"
        return f"{database}_{self.schema_name}"

    def _handle_search_path(self, cursor: object = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        if self.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return  # only a rollback can follow, and it makes the next cursor come back here
        search_path = self._get_cursor_search_paths()
        self._setting_search_path = True
        try:
            with self.wrap_database_errors, self.connection.cursor() as switch:
                switch.execute(self._switch_statement(search_path))
        except Exception:
            self.close()
            raise
        finally:
            self._setting_search_path = False
        self.search_path_set_schemas = search_path

    def _switch_statement(self, search_path: list[str]) -> str:
        """One round trip; sent together, the three are one transaction: all take effect or none does."""
        statement = f"RESET ROLE; SET search_path = {', '.join(quote_schema_name(name) for name in search_path)}"
        if self.role:
            statement += f"; SET ROLE {self.ops.quote_name(self.role)}"
        return statement
