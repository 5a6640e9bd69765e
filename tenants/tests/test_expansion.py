"""The rule of two releases, on migrations written for the test."""

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

    def judge(*operations: migrations.operations.base.Operation, contracts: str = "") -> list[expansion.Problem]:
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
