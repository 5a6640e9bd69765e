"""Which migrations suit the release before too: it serves beside the next one, and comes back when that one fails (ADR 0038).

A release may expand: a table, a column that may stay empty or that the database fills, an index. What takes something away from
the code before waits for a second release, when no old code runs; a migration that does says why it may: `contracts = "…"`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db.migrations import operations as op
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

from tenants.database import connection

FOLDERS = ("shared_apps", "tenant_apps", "tenants")
GONE = {
    op.DeleteModel: "la version d’avant lit encore cette table",
    op.RemoveField: "la version d’avant lit encore cette colonne",
    op.RenameModel: "la version d’avant la connaît sous l’autre nom",
    op.RenameField: "la version d’avant la connaît sous l’autre nom",
    op.AlterModelTable: "la version d’avant la connaît sous l’autre nom",
    op.AddConstraint: "la version d’avant peut écrire ce qu’elle refuse",
    op.AlterUniqueTogether: "la version d’avant peut écrire ce qu’elle refuse",
    op.RunPython: "rejouée pizzeria par pizzeria, et la version d’avant écrit pendant ce temps",
    op.RunSQL: "du SQL se relit à la main",
}
Key = tuple[str, str]  # application, name


@dataclass(frozen=True, slots=True)
class Problem:
    migration: str
    operation: str
    reason: str
    waiver: str  # why it may all the same; empty: it may not

    def __str__(self) -> str:
        return f"{self.migration} : {self.operation} : {self.reason}"


def ours(loader: MigrationLoader) -> list[Key]:
    """Migrations of our own applications, each after those it depends on."""
    ordered: dict[Key, None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        ordered |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return [key for key in ordered if type(loader.disk_migrations[key]).__module__.split(".")[0] in FOLDERS]


def known_to(release: Path, loader: MigrationLoader) -> set[str]:
    """Those that the release in this folder has too, by its files alone: nothing of it is run."""
    modules = {key: type(loader.disk_migrations[key]).__module__ for key in ours(loader)}
    return {".".join(key) for key, module in modules.items() if (release / f"{module.replace('.', '/')}.py").exists()}


def problems(loader: MigrationLoader, *, released: Collection[str]) -> list[Problem]:
    """What the migrations that no release has yet would take from the code that serves."""
    found: list[Problem] = []
    new: set[Key] = set()  # tables that the code before does not know: anything may happen to them
    for key in ours(loader):
        if ".".join(key) not in released:
            migration = loader.disk_migrations[key]
            found += _problems(migration, loader.project_state([key], at_end=False), new)
    return found


def _problems(migration: Migration, state: ProjectState, new: set[Key]) -> Iterator[Problem]:
    app, waiver = migration.app_label, getattr(migration, "contracts", "")
    for operation in migration.operations:
        after = state.clone()
        operation.state_forwards(app, after)
        for act in _flat([operation]):
            if isinstance(act, op.CreateModel):
                new.add((app, act.name_lower))
            elif (app, _model(act)) not in new:
                for reason in _reasons(act, app, state, after):
                    yield Problem(f"{app}.{migration.name}", act.describe(), reason, waiver)
        state = after


def _flat(operations: Collection[Operation]) -> Iterator[Operation]:
    """What is done to the database, where the state is told another story."""
    for operation in operations:
        if isinstance(operation, op.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _model(operation: Operation) -> str:
    """Of the table that the operation is about; nothing for what may be about any."""
    return str(getattr(operation, "model_name", "") or getattr(operation, "name", "")).lower()


def _reasons(operation: Operation, app: str, before: ProjectState, after: ProjectState) -> Iterator[str]:
    if reason := GONE.get(type(operation)):
        yield reason
    elif isinstance(operation, op.AddField):
        if not operation.field.null and _has_column(operation.field) and operation.field.db_default is NOT_PROVIDED:
            yield "obligatoire sans db_default : la version d’avant n’en met pas"
    elif isinstance(operation, op.AlterField):
        yield from _altered(*(_field(state, app, operation) for state in (before, after)))


def _field(state: ProjectState, app: str, operation: op.AlterField) -> Field:
    return state.apps.get_model(app, operation.model_name)._meta.get_field(operation.name)


def _has_column(field: Field) -> bool:
    return not field.many_to_many


def _altered(before: Field, after: Field) -> Iterator[str]:
    if before.null and not after.null:
        yield "rendue obligatoire : la version d’avant peut la laisser vide"
    if not before.unique and after.unique:
        yield "rendue unique : la version d’avant peut la répéter"
    old, new = (field.db_parameters(connection)["type"] for field in (before, after))
    if old != new and not _widens(before, after):
        yield f"de {old} à {new} : la version d’avant écrit l’autre"


def _widens(before: Field, after: Field) -> bool:
    """A longer text of the same kind costs nothing and refuses nobody."""
    if type(before) is not type(after) or before.max_length is None:
        return False
    return after.max_length is None or after.max_length >= before.max_length
