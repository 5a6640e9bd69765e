"""Stripe itself, with a test key: what the stand-in cannot know is asked here. Skipped, and said, without STRIPE_TEST_KEY."""

import datetime as dt
import os
import uuid

import pytest
from django.utils import timezone

from shared_apps.gateway import stripe_api
from shared_apps.gateway.stripe_api import Purchase, Refused

KEY = os.environ.get("STRIPE_TEST_KEY", "")
pytestmark = [
    pytest.mark.stripe_live,
    pytest.mark.skipif(
        not KEY.startswith("sk_test_"), reason="STRIPE_TEST_KEY is not set: Stripe itself was NOT asked"
    ),
]


@pytest.fixture(autouse=True)
def stripe_itself(settings) -> None:
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = KEY, "https://api.stripe.com"


def purchase() -> Purchase:
    name = uuid.uuid4().hex
    metadata = {"pizzeria": "essai", "order": "1", "attempt": "1"}
    return Purchase(name, "Essai", 1290, timezone.now(), metadata, "https://example.com/", "https://example.com/")


def held() -> str:
    """An intent that is authorised, made without a page."""
    intent = stripe_api.client().v1.payment_intents.create(
        {
            "amount": 1290,
            "currency": "eur",
            "capture_method": "manual",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )
    return intent.id


def test_a_page_is_opened_with_our_parameters_found_again_by_its_key_and_expired():
    asked = purchase()
    seen = stripe_api.create_session(asked)
    assert (seen.session, seen.amount_cents, seen.metadata["pizzeria"]) == ("open", 1290, "essai")
    assert seen.url.startswith("https://checkout.stripe.com/")
    assert stripe_api.create_session(asked).session_id == seen.session_id
    assert stripe_api.expire_session(seen.session_id).session == "expired"
    with pytest.raises(Refused):
        stripe_api.expire_session(seen.session_id)


def test_a_hold_is_captured_for_less_and_given_back_in_part():
    intent = held()
    before = stripe_api.read_intent(intent)
    assert before.intent == "requires_capture"
    assert before.capture_before_at
    assert stripe_api.capture(intent, 1000, f"{intent}-c").received_cents == 1000
    refund = stripe_api.refund(intent, 300, f"{intent}-r", {"refund": "1"})
    assert refund.status in ("succeeded", "pending")
    assert [one.metadata["refund"] for one in stripe_api.refunds_of(intent)] == ["1"]
    with pytest.raises(Refused) as refused:
        stripe_api.cancel(intent, f"{intent}-x")
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_hold_is_let_go():
    intent = held()
    assert stripe_api.cancel(intent, f"{intent}-x").intent == "canceled"


def test_the_lists_of_the_night_are_read():
    held()
    now = timezone.now()
    assert any(seen.intent == "requires_capture" for seen in stripe_api.intents_since(now - dt.timedelta(minutes=5)))
    stripe_api.undelivered_events(now - dt.timedelta(minutes=5))
    stripe_api.paid_out_since(now - dt.timedelta(days=2))
