import datetime as dt
import json

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule
from django_tenants.utils import schema_context

from shared_apps.health import queries
from tenants import schemas


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(queries, "_recent", None)


@pytest.fixture
def token(settings) -> dict[str, str]:
    settings.HEALTH_TOKEN = "un-jeton-que-personne-ne-devine"
    return {"HTTP_AUTHORIZATION": "Bearer un-jeton-que-personne-ne-devine"}


@pytest.fixture
def working(db) -> Schedule:
    """A task of every minute, whose turn comes in ten seconds."""
    with schema_context("public"):
        Schedule.objects.all().delete()
        return Schedule.objects.create(
            name="re_estimate", func="math.floor", schedule_type=Schedule.MINUTES, minutes=1,
            next_run=timezone.now() + dt.timedelta(seconds=10),
        )  # fmt: skip


def named(findings: list[queries.Finding]) -> dict[str, queries.Finding]:
    return {finding.name: finding for finding in findings}


@pytest.mark.parametrize("on_a_shop", [True, False])
def test_alive_answers_on_the_group_and_on_a_shop(shop, visit, on_a_shop, settings, django_assert_max_num_queries):
    settings.SHOP_CACHE_SECONDS = 3600  # however slow the first answer is
    client = visit(shop if on_a_shop else None)
    client.get("/sante/")  # the host is known after the first
    with django_assert_max_num_queries(0):
        answer = client.get("/sante/")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_strangers_are_told_one_word(shop, working, visit):
    answer = visit(shop).get("/sante/complet/")
    assert set(json.loads(answer.content)) == {"state"}
    wrong = visit(shop).get("/sante/complet/", HTTP_AUTHORIZATION="Bearer autre")
    assert set(json.loads(wrong.content)) == {"state"}


def test_without_a_token_in_the_settings_nobody_is_told_more(shop, working, visit, settings):
    settings.HEALTH_TOKEN = ""
    answer = visit(shop).get("/sante/complet/", HTTP_AUTHORIZATION="Bearer ")
    assert set(json.loads(answer.content)) == {"state"}


def test_whoever_has_the_token_reads_each_check(shop, working, visit, token):
    told = json.loads(visit(shop).get("/sante/complet/", **token).content)
    assert [row["name"] for row in told["checks"]] == ["database", "pizzerias", "worker", "live", "disk"]
    assert told["release"]
    assert {row["name"] for row in told["checks"] if row["well"]} >= {"database", "pizzerias", "worker"}


def test_one_fault_makes_the_whole_answer_503(shop, visit, token):
    answer = visit(shop).get("/sante/complet/", **token)  # nothing is scheduled here, no live process runs
    assert answer.status_code == 503
    assert json.loads(answer.content)["state"] == "failing"


def test_a_shop_that_lacks_a_migration_is_named(shop, working):
    with schemas.as_owner_of(shop.schema_name), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0001_initial'")
    finding = named(queries.findings())["pizzerias"]
    assert not finding.well
    assert shop.schema_name in finding.words
    assert "migrate_pizzerias" in finding.words


def test_a_worker_that_lets_its_minutes_pass_is_seen(working):
    assert named(queries.findings())["worker"].well
    working.next_run = timezone.now() - dt.timedelta(minutes=4)
    working.save()
    finding = named(queries.findings())["worker"]
    assert not finding.well
    assert "re_estimate" in finding.words


def test_a_live_process_that_is_away_is_seen(working, settings):
    settings.LIVE_PORT = 1  # nobody listens there
    assert not named(queries.findings())["live"].well


def test_a_disk_that_is_almost_full_is_seen(working, settings):
    settings.HEALTH_DISK_FREE_MB = 10**9
    assert "presque plein" in named(queries.findings())["disk"].words


def test_asking_often_asks_the_database_once(shop, working, visit, django_assert_num_queries):
    client = visit(shop)
    client.get("/sante/complet/")
    with django_assert_num_queries(0):
        client.get("/sante/complet/")
