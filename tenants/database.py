"""The connection, with the type of our own backend."""

from typing import cast

from django import db

from tenants.backend.base import DatabaseWrapper

connection = cast("DatabaseWrapper", db.connection)
