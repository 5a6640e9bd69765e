"""What nobody told us of is heard, what differs is said."""

import datetime as dt
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from conftest import COOK, ask, check_invariants, place
from shared_apps.accounts.models import Role
from shared_apps.gateway import stripe_api
from shared_apps.gateway.models import FollowUp
from shared_apps.gateway.stripe_api import Purchase
from tenant_apps.orders import tasks
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.services import kitchen, reconciling
from tenant_apps.orders.tests.test_online import follow, held, intent, page_of, waiting
from tenant_apps.payments.models import OnlinePayment, Payment

DAY = 24 * 3600


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("reconcile_payments", *arguments, stdout=out)
    return out.getvalue()


def work() -> None:
    """What the worker does with the follow-ups that wait."""
    for one in OrmQ.objects.all():
        if one.task["func"] == "tenant_apps.orders.tasks.follow_payment":
            tasks.follow_payment(*one.task["args"])
    OrmQ.objects.all().delete()


def captured(shop, stand_in) -> Order:
    order = held(shop, stand_in)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    return follow(shop, order)


def test_what_agrees_is_said_to_agree(shop, stand_in):
    captured(shop, stand_in)
    waiting(shop)
    assert "concordent" in run()


def test_an_event_that_never_arrived_is_heard_and_its_order_accepted(shop, stand_in):
    order = waiting(shop)
    stand_in.pay(page_of(order))
    OrmQ.objects.all().delete()
    assert "événement(s) non livré(s)" in run("--quick")
    work()
    assert Order.objects.get().state == State.ACCEPTED
    assert "0 événement(s)" in run("--quick")  # heard once


def test_an_order_that_is_due_is_looked_at_again_by_the_schedule(shop, stand_in):
    order = waiting(shop, now=timezone.now() - dt.timedelta(minutes=12))
    OrmQ.objects.all().delete()
    FollowUp.objects.update(due_at=timezone.now())
    tasks.follow_payments()
    work()
    assert Order.objects.get(pk=order.pk).state == State.CANCELLED


def orphan(shop, stand_in, number: int) -> None:
    """Something pays for an order that is not ours."""
    purchase = Purchase(
        "orphan", "?", 700, timezone.now(), metadata(shop, number), "http://a.example", "http://a.example"
    )
    stand_in.pay(stripe_api.create_session(purchase).url)


def metadata(shop, number: int) -> dict[str, str]:
    return {"pizzeria": shop.slug, "order": str(number), "attempt": "1"}


def test_a_sum_held_for_no_order_is_let_go_and_said(shop, stand_in):
    orphan(shop, stand_in, 999_999)
    with pytest.raises(CommandError, match="libérée"):
        run()
    assert intent(stand_in)["status"] == "canceled"
    assert "concordent" in run()


def test_a_hold_of_five_days_is_said_and_is_a_case(shop, stand_in):
    order = held(shop, stand_in)
    later = timezone.now() + dt.timedelta(days=5, hours=1)
    found = reconciling.compare(now=later)
    assert [(one.pizzeria, one.order_number) for one in found] == [(shop.name, order.pk)]
    assert Case.objects.get().kind == Case.Kind.RECONCILIATION


def test_what_was_taken_at_stripes_without_us_is_followed_and_then_agrees(shop, stand_in):
    """By hand, on Stripe's own pages."""
    order = held(shop, stand_in)
    stripe_api.capture(intent(stand_in)["id"], order.total_cents, "by-hand")
    assert reconciling.compare(now=timezone.now()) == []
    assert Payment.objects.get().amount_cents == order.total_cents
    check_invariants()


def test_an_amount_that_differs_is_said_and_is_a_case(shop, stand_in):
    order = captured(shop, stand_in)
    Payment.objects.update(amount_cents=order.total_cents - 100)
    (found,) = reconciling.compare(now=timezone.now())
    assert "9,90" in str(found).replace("\u00a0", " ")
    assert "8,90" in str(found).replace("\u00a0", " ")
    assert Case.objects.get().kind == Case.Kind.RECONCILIATION


def test_payouts_are_compared_line_by_line_and_remembered(shop, stand_in):
    captured(shop, stand_in)
    stand_in.pull("clock", advance=3 * DAY)
    assert reconciling.compare(now=timezone.now()) == []
    assert OnlinePayment.objects.get().payout_id == stand_in.objects("payout")[0]["id"]
    Payment.objects.update(amount_cents=1)
    assert len(reconciling.compare(now=timezone.now())) == 2  # the list of payments says it, and the payout


def test_head_office_is_written_what_differs(shop, stand_in, make_staff):
    office = make_staff(Role.HEAD_OFFICE)
    orphan(shop, stand_in, 999_999)
    tasks.reconcile_payments()
    (letter,) = mail.outbox
    assert letter.to == [office.email]
    assert "pi_" in letter.body


def test_stripe_away_is_said_in_words(shop, stand_in):
    stand_in.faults({"kind": "error", "times": 5})
    with pytest.raises(CommandError, match="ne répond pas"):
        run()
    check_invariants()
    assert place(shop, ask("margherita")).state == State.ACCEPTED
