"""What the stand-in does, through the real SDK over HTTP."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import stripe

from stripe_stand_in.__main__ import refusal
from stripe_stand_in.courier import signature

DAY = 24 * 3600
PACKAGE = Path(__file__).resolve().parent.parent


def post(address: str, **form: str) -> requests.Response:
    return requests.post(address, form, allow_redirects=False, timeout=10)


def test_a_paid_session_holds_the_sum_until_it_is_captured(stand):
    session = stand.session()
    answer = post(session.url, card="accepted")
    assert (answer.status_code, answer.headers["Location"]) == (
        303, f"http://shop.example/merci?session={session.id}"
    )  # fmt: skip
    session = stand.sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent = session.payment_intent
    assert (session.status, session.payment_status, intent.status) == ("complete", "unpaid", "requires_capture")
    assert intent.latest_charge.payment_method_details.card.capture_before - time.time() > 6 * DAY
    captured = stand.sdk.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 1000, 0)


def test_a_second_capture_and_one_of_too_much_are_refused(stand):
    intent = stand.held()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand.sdk.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1291})
    assert refused.value.code == "amount_too_large"
    stand.sdk.v1.payment_intents.capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand.sdk.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_cancelled_hold_cannot_be_captured(stand):
    intent = stand.held()
    assert stand.sdk.v1.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        stand.sdk.v1.payment_intents.capture(intent.id)


def test_a_hold_lapses_after_its_week_and_a_session_after_its_hour(stand):
    intent, session = stand.held(), stand.session(expires_at=int(time.time()) + 3600)
    stand.pull("clock", advance=2 * 3600)
    assert stand.sdk.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert stand.sdk.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    stand.pull("clock", advance=7 * DAY)
    lapsed = stand.sdk.v1.payment_intents.retrieve(intent.id)
    assert (lapsed.status, lapsed.cancellation_reason) == ("canceled", "automatic")


def test_a_session_lives_half_an_hour_to_a_day(stand):
    for seconds in (60, 2 * DAY):
        with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
            stand.session(expires_at=int(time.time()) + seconds)


def test_an_expired_session_is_paid_by_nobody(stand):
    session = stand.session()
    stand.sdk.v1.checkout.sessions.expire(session.id)
    assert post(session.url, card="accepted").status_code == 410
    with pytest.raises(stripe.InvalidRequestError):
        stand.sdk.v1.checkout.sessions.expire(session.id)


def test_a_refused_card_may_be_followed_by_a_good_one(stand):
    session = stand.session()
    refused = post(session.url, card="insufficient")
    assert refused.status_code == 402
    assert "provision insuffisante" in refused.text
    assert post(session.url, card="accepted").status_code == 303
    assert len(stand.pull("objects", kind="payment_intent")) == 1


def test_3d_secure_asks_the_bank_and_a_no_leads_back_to_the_cards(stand):
    session = stand.session()
    bank = post(session.url, card="challenged").headers["Location"]
    assert "Votre banque" in requests.get(bank, timeout=10).text
    assert post(bank, answer="no").status_code == 402
    bank = post(session.url, card="challenged").headers["Location"]
    assert post(bank, answer="yes").headers["Location"].startswith("http://shop.example/merci")
    assert post(session.url, card="accepted").headers["Location"].startswith("http://shop.example/merci")  # again
    assert len(stand.pull("objects", kind="charge")) == 1


def test_refunds_never_pass_what_was_captured(stand):
    intent = stand.taken(1000)
    stand.sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 700})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        stand.sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 301})
    stand.sdk.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand.sdk.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"


def test_a_refund_that_the_bank_sends_back_frees_its_sum(stand):
    intent = stand.taken(1000)
    stand.pull("refunds", status="pending")
    refund = stand.sdk.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    stand.pull("refunds", status="failed")
    assert stand.sdk.v1.refunds.retrieve(refund.id).status == "failed"
    assert stand.sdk.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_the_same_key_has_the_same_answer_and_other_parameters_are_an_error(stand):
    first, again = stand.session(key="k"), stand.session(key="k")
    assert first.id == again.id
    assert len(stand.pull("objects", kind="checkout.session")) == 1
    with pytest.raises(stripe.IdempotencyError):
        stand.session(cents=1300, key="k")
    stand.pull("clock", advance=DAY + 60)
    assert stand.session(key="k").id != first.id  # a key is known for a day


def test_a_lost_answer_is_work_done_and_the_key_finds_it_again(stand):
    intent = stand.held()
    stand.pull("faults", faults=[{"kind": "lost_answer", "match": "/capture"}])
    with pytest.raises(stripe.APIConnectionError):
        stand.sdk.v1.payment_intents.capture(intent.id, None, {"idempotency_key": "c"})
    assert stand.sdk.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert stand.sdk.v1.payment_intents.capture(intent.id, None, {"idempotency_key": "c"}).status == "succeeded"


def test_faults_are_met_as_often_as_asked(stand):
    stand.pull("faults", faults=[{"kind": "error", "status": 503}, {"kind": "error", "status": 429}])
    with pytest.raises(stripe.APIError):
        stand.session()
    with pytest.raises(stripe.RateLimitError):
        stand.session()
    stand.pull("faults", faults=[{"kind": "lost_request", "times": 1}])
    with pytest.raises(stripe.APIConnectionError):
        stand.session()
    assert stand.session().status == "open"
    assert len(stand.pull("objects", kind="checkout.session")) == 1


def test_real_keys_are_refused_and_so_is_production(stand):
    with pytest.raises(stripe.AuthenticationError):
        stand.client("sk_live_0000").v1.events.list()
    assert "production" in refusal({"DJANGO_SETTINGS_MODULE": "ocpizza.settings.production"})
    assert "réelle" in refusal({"STRIPE_API_KEY": "rk_live_0000"})
    assert refusal({"STRIPE_API_KEY": "sk_test_1", "DJANGO_SETTINGS_MODULE": "ocpizza.settings.development"}) == ""


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("DJANGO_SETTINGS_MODULE", "ocpizza.settings.production", "production"),
        ("STRIPE_API_KEY", "'sk_live_0000'", "réelle"),
    ],
)
@pytest.mark.parametrize("where", ["the process", ".env"])
def test_the_program_does_not_start_there(tmp_path, name, value, word, where):
    """Production keeps both in `.env`, which the process need not have been given."""
    shutil.copytree(PACKAGE, tmp_path / "stripe_stand_in", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    clean = {"PATH": os.environ["PATH"]}
    if where == ".env":
        (tmp_path / ".env").write_text(f"# réglages\nexport {name}={value}\n", encoding="utf-8")
    else:
        clean[name] = value
    command = [sys.executable, "-m", "stripe_stand_in", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, word in done.stderr) == (1, True), done.stderr


def test_the_pay_page_says_that_it_is_a_demonstration(stand):
    page = requests.get(stand.session().url, timeout=10).text
    assert "Paiement de démonstration" in page
    assert "rien n’est débité" in page


def test_lists_are_paged_newest_first_and_filtered(stand):
    intents = [stand.held() for _ in range(5)]
    first = stand.sdk.v1.payment_intents.list({"limit": 2})
    assert [one.id for one in first.data] == [intents[4].id, intents[3].id]
    assert len(list(first.auto_paging_iter())) == 5
    assert stand.sdk.v1.payment_intents.list({"created": {"gt": int(time.time()) + 60}}).data == []


def test_money_is_paid_out_when_it_is_available(stand):
    intent = stand.taken(1000)
    assert stand.sdk.v1.payouts.list().data == []
    stand.pull("clock", advance=3 * DAY)
    (payout,) = stand.sdk.v1.payouts.list({"status": "paid"}).data
    lines = stand.sdk.v1.balance_transactions.list({"payout": payout.id, "type": "charge", "expand": ["data.source"]})
    assert [(line.amount, line.source.payment_intent) for line in lines.data] == [(1000, intent.id)]
    assert payout.amount == 1000 - lines.data[0].fee


def test_events_are_signed_as_the_sdk_verifies(stand):
    stand.pull("webhooks", mode="held")
    stand.taken()
    event = stand.pull("held")[-1]
    body = json.dumps(event)
    header = signature(body, "whsec_x", int(time.time()))
    assert stripe.WebhookSignature.verify_header(body, header, "whsec_x", 300)
    undelivered = stand.sdk.v1.events.list({"delivery_success": False, "types": ["payment_intent.succeeded"]})
    assert [one.id for one in undelivered.data] == [event["id"]]
