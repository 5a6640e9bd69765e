"""The rule of two releases, on migrations written for the test."""

import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from tenants import expansion

LAST = "the_next_release"
TEXT = models.CharField(max_length=40)


@pytest.fixture
def loader() -> MigrationLoader:
    return MigrationLoader(None)


@pytest.fixture
def judged(loader):
    """What the linter says of one more migration of `shop`, made of these operations."""

    def judge(
        *operations: migrations.operations.base.Operation, contracts: str = "", released: set[str] | None = None
    ) -> list[expansion.Problem]:
        if released is None:
            released = {".".join(key) for key in expansion.ours(loader)}
        leaf = loader.graph.leaf_nodes("shop")[0]
        body = {
            "dependencies": [leaf],
            "operations": list(operations),
            "__module__": "tenant_apps.shop.migrations.next",
        }
        if contracts:
            body["contracts"] = contracts
        key = ("shop", LAST)
        migration = type("Migration", (migrations.Migration,), body)(LAST, "shop")
        loader.disk_migrations[key] = migration
        loader.graph.add_node(key, migration)
        loader.graph.add_dependency(migration, key, leaf)
        return expansion.problems(loader, released=released)

    return judge


def test_what_only_adds_is_let_through(judged):
    assert not judged(
        migrations.AddField("shopsettings", "motto", models.CharField(max_length=40, null=True)),
        migrations.AddField("shopsettings", "stars", models.IntegerField(db_default=0)),
        migrations.CreateModel("Novelty", [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]),
        migrations.AddIndex("shopsettings", models.Index(fields=["slot_minutes"], name="by_slot_minutes")),
    )


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (migrations.RemoveField("shopsettings", "slot_minutes"), "lit encore"),
        (migrations.RenameField("shopsettings", "slot_minutes", "slot_length"), "autre nom"),
        (migrations.DeleteModel("OpeningRange"), "lit encore"),
        (migrations.RenameModel("OpeningRange", "Opening"), "autre nom"),
        (migrations.AddField("shopsettings", "motto", models.CharField(max_length=40, default="")), "db_default"),
        (migrations.AlterField("shopsettings", "slot_minutes", models.TextField()), "écrit l’autre"),
        (migrations.AlterField("shopsettings", "printer_address", models.CharField(max_length=3)), "écrit l’autre"),
        (migrations.AlterField("shopsettings", "rush_until_at", models.DateTimeField()), "rendue obligatoire"),
        (
            migrations.AddConstraint(
                "shopsettings", models.CheckConstraint(condition=models.Q(slot_minutes__lt=60), name="slots_are_short")
            ),
            "ce qu’elle refuse",
        ),
        (migrations.RunPython(migrations.RunPython.noop), "pizzeria par pizzeria"),
        (migrations.RunSQL("SELECT 1"), "à la main"),
        (
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RunSQL("DROP TABLE shop_slot")], state_operations=[]
            ),
            "à la main",
        ),
    ],
)
def test_what_the_release_before_would_miss_is_refused(judged, operation, reason):
    (problem,) = judged(operation)
    assert reason in problem.reason
    assert problem.migration == f"shop.{LAST}"
    assert problem.waiver == ""


def test_a_table_of_the_same_release_may_be_made_in_several_steps(judged):
    assert not judged(
        migrations.CreateModel("Novelty", [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]),
        migrations.AddField("novelty", "kind", models.CharField(max_length=5, default="")),
        migrations.RemoveField("novelty", "name"),
    )


def test_a_longer_text_is_no_other_type(judged):
    assert not judged(
        migrations.AlterField("shopsettings", "printer_address", models.CharField(max_length=500, default=""))
    )


def test_a_waiver_says_why(judged):
    (problem,) = judged(migrations.RemoveField("shopsettings", "slot_minutes"), contracts="plus lue depuis la 1.2")
    assert problem.waiver == "plus lue depuis la 1.2"


def test_the_migrations_of_this_checkout_keep_the_rule():
    call_command("lint_migrations", verbosity=0)


def test_an_unreleased_contraction_fails_the_command(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/released_migrations.txt").write_text("")
    with pytest.raises(CommandError, match="--released"):  # the first release has them all, and some contract
        call_command("lint_migrations")


@pytest.fixture
def serving(settings, tmp_path):
    """The files of a release that has our migrations but the last two of `shop`."""
    for path in settings.BASE_DIR.glob("*/**/migrations/[0-9]*.py"):
        if ".venv" not in path.parts:
            copy = tmp_path / path.relative_to(settings.BASE_DIR)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    for path in sorted((tmp_path / "tenant_apps/shop/migrations").iterdir())[-2:]:
        path.unlink()
    return tmp_path


def test_the_release_that_serves_says_by_its_files_what_it_knows(loader, serving, settings):
    ours = {".".join(key) for key in expansion.ours(loader)}
    last = sorted(name for name in ours if name.startswith("shop."))[-2:]
    assert ours - expansion.known_to(serving, loader) == set(last)
    assert expansion.known_to(settings.BASE_DIR, loader) == ours


def test_a_table_that_serves_is_judged_though_nobody_recorded_it(judged, loader, serving):
    """By a list that lacks it, it passes for a table of this release, to which anything may happen."""
    known = expansion.known_to(serving, loader)
    removal = migrations.RemoveField("shopsettings", "slot_minutes")
    assert f"shop.{LAST}" in {problem.migration for problem in judged(removal, released=known)}
    unrecorded = expansion.problems(loader, released=set())
    assert f"shop.{LAST}" not in {problem.migration for problem in unrecorded}


def test_the_deployment_is_told_what_the_list_lacks(serving, settings):
    out = StringIO()
    (serving / "deploy").mkdir()
    (serving / "deploy/released_migrations.txt").write_text("shop.0001_initial\n")
    checkout, settings.BASE_DIR = settings.BASE_DIR, serving
    call_command("lint_migrations", serving=checkout, stdout=out)
    assert "migrations en service" in out.getvalue()


def test_a_folder_that_is_no_release_is_refused(tmp_path):
    with pytest.raises(CommandError, match="dossier d'une version"):
        call_command("lint_migrations", serving=tmp_path)
