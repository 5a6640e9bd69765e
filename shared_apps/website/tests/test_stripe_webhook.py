"""What Stripe tells us, and what others pretend that it does."""

import json
import logging
import time

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from shared_apps.gateway import stripe_api
from shared_apps.gateway.models import GatewayEvent
from shared_apps.onboarding import closing
from tenant_apps.orders import tasks
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import reconciling
from tenant_apps.orders.tests.test_online import page_of, waiting
from tenants.models import Pizzeria

ADDRESS = "/paiement/stripe/"


@pytest.fixture
def paid(shop, stand_in):
    """An order that the customer has paid on Stripe's page, and nobody told us."""
    order = waiting(shop)
    stand_in.pay(page_of(order))
    OrmQ.objects.all().delete()
    return order


def send(visit, body: str, signature: str):
    return visit().post(ADDRESS, body, content_type="application/json", headers={"Stripe-Signature": signature})


def following() -> list[tuple]:
    return [
        one.task["args"] for one in OrmQ.objects.all() if one.task["func"] == "tenant_apps.orders.tasks.follow_payment"
    ]


def of_kind(stand_in, kind: str) -> dict:
    return next(event for event in stand_in.events() if event["type"] == kind)


def test_an_event_is_kept_answered_at_once_and_its_order_followed_by_a_task(shop, paid, stand_in, visit):
    before = len(stand_in.calls())
    event = of_kind(stand_in, "payment_intent.amount_capturable_updated")
    assert send(visit, *stand_in.signed(event)).status_code == 204
    assert len(stand_in.calls()) == before  # nothing is asked of Stripe while it waits for our answer
    assert following() == [(shop.id, paid.pk)]
    tasks.follow_payment(shop.id, paid.pk)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=paid.pk).state == "accepted"


def test_an_event_about_a_pizzeria_that_has_another_address_since_is_followed(shop, paid, stand_in, visit):
    """What Stripe keeps of a payment names the shop as it was called then."""
    event = of_kind(stand_in, "payment_intent.amount_capturable_updated")
    with schema_context("public"):
        closing.rename(pizzeria=Pizzeria.objects.get(pk=shop.id), slug="republique")
        assert send(visit, *stand_in.signed(event)).status_code == 204
        assert following() == [(shop.id, paid.pk)]
        assert reconciling.compare(now=timezone.now()) == []


def test_sent_three_times_it_is_followed_once(shop, paid, stand_in, visit):
    event = of_kind(stand_in, "checkout.session.completed")
    for _ in range(3):
        assert send(visit, *stand_in.signed(event)).status_code == 204
    assert len(following()) == 1
    assert GatewayEvent.objects.count() == 1


def test_what_is_not_about_an_order_is_taken_and_left(paid, stand_in, visit):
    event = {**of_kind(stand_in, "checkout.session.completed"), "id": "evt_1", "type": "payout.paid"}
    event["data"] = {"object": {"id": "po_1", "object": "payout", "metadata": {}}}
    assert send(visit, *stand_in.signed(event)).status_code == 204
    assert following() == []


@pytest.mark.parametrize("fault", ["unsigned", "old", "of another secret", "changed", "no JSON", "unknown pizzeria"])
def test_whatever_stripe_did_not_sign_for_us_is_refused_without_a_word(paid, stand_in, visit, caplog, fault):
    event = of_kind(stand_in, "checkout.session.completed")
    body, signature = stand_in.signed(event)
    if fault == "unsigned":
        signature = ""
    elif fault == "old":
        body, signature = stand_in.signed(event, at=int(time.time()) - 301)
    elif fault == "of another secret":
        body, signature = stand_in.signed(event, secret="whsec_of_somebody_else")
    elif fault == "changed":
        body = body.replace('"amount_total": 990', '"amount_total": 1')
        assert '"amount_total": 1' in body
    elif fault == "no JSON":
        body, signature = stand_in.signed("not an event")  # type: ignore[arg-type]
    else:
        event["data"]["object"]["metadata"]["pizzeria"] = "nulle-part"
        body, signature = stand_in.signed(event)
    with caplog.at_level(logging.INFO):
        answer = send(visit, body, signature)
    assert (answer.status_code, answer.content) == (400, b"")
    assert "refused" in caplog.text
    assert body not in caplog.text
    assert not GatewayEvent.objects.exists()
    assert following() == []


@pytest.fixture
def theirs(neighbour, stand_in):
    """An order of another shop, with its page open and nobody there."""
    with schema_context(neighbour.schema_name):
        return waiting(neighbour)


def misdirect(stand_in, visit, neighbour, theirs) -> None:
    """A payment here, signed by Stripe, that names their order; then all that we were told is followed."""
    event = of_kind(stand_in, "payment_intent.amount_capturable_updated")
    event["data"]["object"]["metadata"] = {"pizzeria": neighbour.slug, "order": str(theirs.pk), "attempt": "1"}
    OrmQ.objects.all().delete()
    assert send(visit, *stand_in.signed(event)).status_code == 204
    assert following() == [(neighbour.id, theirs.pk)]
    for args in following():
        tasks.follow_payment(*args)


def state_of(shop, order) -> str:
    with schema_context(shop.schema_name):
        return Order.objects.get(pk=order.pk).state


def test_a_signed_event_with_another_shops_metadata_changes_nothing(shop, neighbour, paid, theirs, stand_in, visit):
    misdirect(stand_in, visit, neighbour, theirs)
    assert (state_of(neighbour, theirs), state_of(shop, paid)) == ("awaiting_payment", "awaiting_payment")
    with schema_context(neighbour.schema_name):
        assert theirs.online_payments.get().state == "open"


def test_were_the_event_believed_their_order_would_be_paid(shop, neighbour, paid, theirs, stand_in, visit, monkeypatch):
    """The protection, switched off: whatever is followed is read from the payment that the event is about."""
    with schema_context(shop.schema_name):
        about = paid.online_payments.get().session_id
    honest = stripe_api.read_session
    monkeypatch.setattr(stripe_api, "read_session", lambda _session_id: honest(about))
    misdirect(stand_in, visit, neighbour, theirs)
    assert state_of(neighbour, theirs) == "accepted"


def test_nothing_that_an_event_says_of_a_payment_is_believed(shop, stand_in, visit):
    """Signed, and lying: the payment is read again at Stripe's."""
    order = waiting(shop)
    metadata = {"pizzeria": shop.slug, "order": str(order.pk), "attempt": "1"}
    thing = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "metadata": metadata}
    event = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": thing}}
    assert send(visit, *stand_in.signed(event)).status_code == 204
    tasks.follow_payment(shop.id, order.pk)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).state == "awaiting_payment"


def test_no_card_key_or_secret_is_kept(shop, paid, stand_in, visit):
    tasks.follow_payment(shop.id, paid.pk)
    with schema_context(shop.schema_name):
        kept = json.dumps([list(row) for row in paid.online_payments.values_list()], default=str)
    assert "_secret_" not in kept
    assert "4242" not in kept
    assert "sk_test" not in kept
