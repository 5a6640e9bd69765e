"""Versions: which one binds when, what is refused, and two who publish at once."""

import datetime as dt
import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shared_apps.accounts.models import AuditEntry, Role, User
from shared_apps.legal import placeholders, queries, services
from shared_apps.legal.models import Draft, Page, Version
from shared_apps.legal.queries import State
from shared_apps.legal.services import PublishedMeanwhile, SameText, TermsChanged, Unfit
from shared_apps.legal.tests.written import forget_publications, in_days, publish


@pytest.fixture
def author(make_staff):
    return make_staff(Role.HEAD_OFFICE)


def states(now: dt.datetime) -> list[State]:
    return [one.state for one in queries.history(page=Page.TERMS, now=now)]


def in_force(now: dt.datetime) -> list[str]:
    """By the history and by the one question of an order, which must agree."""
    by_history = [one.version.name for one in queries.history(page=Page.TERMS, now=now) if one.state == State.IN_FORCE]
    assert by_history == [queries.terms_in_force(now=now)]
    return by_history


@pytest.mark.django_db
def test_each_page_begins_with_a_version_that_passes_its_own_check():
    for page in Page:
        first = queries.last(page=page)
        assert (first.number, first.name, first.author) == (1, "2026-11", None)
        assert first.effective_at <= timezone.now()
        services.check(page=page, source=first.source)


def test_a_version_is_in_force_at_once_and_says_who(author):
    version = publish(author)
    now = timezone.now()
    assert in_force(now) == [version.name] == [timezone.localdate().isoformat()]
    assert states(now) == [State.IN_FORCE, State.REPLACED]
    entry = AuditEntry.objects.get(act=services.ACT)
    assert (entry.actor, entry.subject) == (author, Page.TERMS)
    assert (entry.before["version"], entry.after["version"]) == ("2026-11", version.name)


def test_two_versions_of_a_day_have_two_names(author):
    first, second = publish(author), publish(author)
    assert second.name == f"{first.name}-2"


def test_a_version_to_come_waits_for_the_first_hour_of_its_day(author):
    version = publish(author, applies_on=in_days(10))
    midnight = version.effective_at
    assert (timezone.localtime(midnight).time(), version.name) == (dt.time(), in_days(10).isoformat())
    assert in_force(midnight - dt.timedelta(seconds=1)) == ["2026-11"]
    assert in_force(midnight) == [version.name]
    assert states(timezone.now()) == [State.AWAITED, State.IN_FORCE]


def test_what_is_published_later_replaces_what_was_to_come(author):
    withdrawn = publish(author, applies_on=in_days(10))
    now = publish(author)
    assert in_force(timezone.now()) == in_force(withdrawn.effective_at) == [now.name]
    assert states(timezone.now()) == [State.IN_FORCE, State.NEVER, State.REPLACED]


def test_between_two_days_to_come_the_first_binds(author):
    first = publish(author, applies_on=in_days(10))
    second = publish(author, applies_on=in_days(20))
    assert in_force(first.effective_at) == [first.name]
    assert in_force(second.effective_at) == [second.name]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("{sirte}", "{sirte} n’est aucun des noms"),
        ("{}", "{} n’est aucun des noms"),
        ("[ici](javascript:alert(1))", "javascript:alert(1"),
        ("[ici](http://a.example)", "un lien commence par https://"),
    ],
)
def test_what_the_text_may_not_hold_is_refused_in_words(author, words, refusal):
    with pytest.raises(Unfit, match=r".") as refused:
        publish(author, added=words)
    assert refusal in str(refused.value)
    assert Version.objects.filter(page=Page.TERMS).count() == 1


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in Page for name in placeholders.required(page)])
def test_what_a_page_must_say_is_asked_for(author, page, name):
    source = queries.last(page=page).source.replace(f"{{{name}}}", "à la main")
    with pytest.raises(Unfit) as refused:
        publish(author, page=page, source=source)
    assert f"{{{name}}} manque" in str(refused.value)


def test_the_text_in_force_is_not_published_again(author):
    version = publish(author)
    with pytest.raises(SameText):
        publish(author, source=version.source)
    with pytest.raises(SameText):
        publish(author, page=Page.PRIVACY, source=queries.last(page=Page.PRIVACY).source)


def test_the_same_text_is_published_when_what_it_names_has_changed(author, settings):
    version = publish(author)
    settings.GROUP_SIRET = "1" * 14
    assert publish(author, source=version.source).number == version.number + 1


def test_a_text_to_come_may_be_given_another_day(author):
    source = publish(author, applies_on=in_days(10)).source
    later = publish(author, source=source, applies_on=in_days(20))
    assert states(timezone.now())[0] == State.AWAITED
    assert later.effective_at > timezone.now() + dt.timedelta(days=18)


def test_the_second_of_two_editors_is_told(author, make_staff):
    publish(author)
    with pytest.raises(PublishedMeanwhile):
        publish(make_staff(Role.HEAD_OFFICE), seen=1)


def test_what_was_replaced_keeps_the_values_of_its_time(author, settings):
    old, settings.GROUP_LEGAL_NAME = settings.GROUP_LEGAL_NAME, "Une autre société"
    shown = queries.history(page=Page.TERMS, now=timezone.now())[0]
    assert "Une autre société" in queries.text(shown).html  # in force, it says what is true now
    publish(author)
    new, replaced = queries.history(page=Page.TERMS, now=timezone.now())
    assert "Une autre société" in queries.text(new).html
    assert old in queries.text(replaced).html


def test_publishing_ends_one_s_own_draft_alone(author, make_staff):
    other = make_staff(Role.HEAD_OFFICE)
    for user in (author, other):
        services.keep_draft(page=Page.TERMS, source="…", based_on=1, user_id=user.pk, now=timezone.now())
    publish(author)
    assert list(Draft.objects.values_list("author_id", flat=True)) == [other.pk]


@pytest.mark.django_db
def test_an_order_is_placed_under_the_terms_that_were_shown(author):
    now = timezone.now()
    assert services.accept_terms(shown="2026-11", now=now) == services.accept_terms(shown=None, now=now) == "2026-11"
    version = publish(author)
    with pytest.raises(TermsChanged):
        services.accept_terms(shown="2026-11", now=timezone.now())
    assert services.accept_terms(shown=version.name, now=timezone.now()) == version.name


def test_a_shop_reads_the_versions_and_writes_none(shop):
    assert queries.terms_in_force(now=timezone.now()) == "2026-11"
    for sql in ("INSERT INTO legal_version (page) VALUES ('x')", "SELECT * FROM legal_draft"):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture
def committed_author(django_db_setup, django_db_blocker):
    """Somebody whose publications are committed, and taken away after."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        user = User.objects.create_user("siege@pages.example", "x" * 12)
        try:
            yield user
        finally:
            connection.set_schema_to_public()
            forget_publications()
            user.delete()
            connection.close()


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    pytest.fail("nobody waits")


def test_of_two_who_publish_at_the_same_moment_one_is_told(committed_author):
    """The second has read the same last version, and waits for the first to commit: the constraint of the number tells it."""
    outcomes: list[str] = []

    def publish_too() -> None:
        try:
            publish(committed_author, added="Le mien.")
            outcomes.append("published")
        except PublishedMeanwhile:
            outcomes.append("told")
        finally:
            connection.close()

    second = threading.Thread(target=publish_too)
    with transaction.atomic():
        publish(committed_author, added="Le premier.")
        second.start()
        wait_until_somebody_waits()
    second.join(20)
    assert outcomes == ["told"]
    assert queries.last(page=Page.TERMS).source.endswith("Le premier.")
    assert AuditEntry.objects.filter(actor=committed_author).count() == 1
