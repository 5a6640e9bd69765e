"""A ticket that no screen of the kitchen shows rings at the counter, then is written to the managers, each once."""

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, ask, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders import tasks
from tenant_apps.orders.services import escalation, kitchen
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.shop import queries as shop_queries

LATER = dt.timedelta(seconds=61)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    def run(path: str, *arguments: object) -> None:
        getattr(tasks, path.rpartition(".")[2])(*arguments)

    monkeypatch.setattr(escalation, "async_task", run)


def ringing() -> list[int]:
    return [order.number for order in escalation.ringing()]


def test_a_ticket_rings_once_its_patience_is_over(shop):
    now = timezone.now()
    order = place(shop, ask("margherita"), now=now)
    assert escalation.escalate(shop=shop, now=now + dt.timedelta(seconds=30)) == []
    assert escalation.escalate(shop=shop, now=now + LATER) == [order.pk]
    assert escalation.escalate(shop=shop, now=now + LATER) == []
    assert ringing() == [order.pk]


def test_a_screen_that_shows_it_keeps_it_quiet_and_stops_what_rang(shop, make_staff, visit):
    now = timezone.now()
    shown, other = place(shop, ask("margherita"), now=now), place(shop, ask("reine"), now=now)
    board = visit(shop, make_staff(Role.COOK, shop))
    assert board.post("/cuisine/bons/recus/", {"numbers": f"{shown.pk},0,abc"}).status_code == 204
    with schema_context(shop.schema_name):
        assert escalation.escalate(shop=shop, now=now + LATER) == [other.pk]
        escalation.show(shop=shop, numbers=[other.pk], now=now)
        assert ringing() == []


def test_a_ticket_that_is_taken_was_seen(shop):
    now = timezone.now()
    order = place(shop, ask("margherita"), now=now)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
    assert escalation.escalate(shop=shop, now=now + LATER) == []


def test_an_order_for_later_waits_for_its_time_on_the_board(shop):
    now = timezone.now()
    slots = shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now))
    start = next(slot.window.start for slot in slots if slot.window.start > now + dt.timedelta(hours=3))
    order = place(shop, ask("margherita"), wishes=Wishes(ServiceMode.COLLECTION, start), now=now)
    assert escalation.escalate(shop=shop, now=now + dt.timedelta(hours=1)) == []
    on_the_board = start - dt.timedelta(hours=1)
    assert escalation.escalate(shop=shop, now=on_the_board + LATER) == [order.pk]


def test_managers_are_written_to_once_when_it_rings_in_vain(shop):
    now = timezone.now()
    order = place(shop, ask("margherita"), now=now)
    for seconds in (61, 90, 122, 180, 240):
        escalation.escalate(shop=shop, now=now + dt.timedelta(seconds=seconds))
    (letter,) = mail.outbox
    assert str(order.number) in letter.subject
    assert letter.to == ["responsable@nation.example"]
