import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe

from stripe_stand_in.server import Server


class Stand:
    """The stand-in at work, the SDK that talks to it, and its levers."""

    def __init__(self, server: Server) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.world, self.courier = server.world, server.control.courier
        self.sdk = self.client("sk_test_stand_in")

    def client(self, key: str, retries: int = 0) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(3, 10)),
        )

    def pull(self, lever: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{lever}", json=given, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def session(self, cents: int = 1290, key: str | None = None, **changes: Any) -> stripe.checkout.Session:
        line = {"currency": "eur", "unit_amount": cents, "product_data": {"name": "Commande n° 7"}}
        values = {
            "mode": "payment",
            "locale": "fr",
            "line_items": [{"quantity": 1, "price_data": line}],
            "payment_intent_data": {"capture_method": "manual", "metadata": {"order": "7"}},
            "allowed_payment_method_types": ["card"],
            "metadata": {"order": "7"},
            "success_url": "http://shop.example/merci?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://shop.example/commande",
        }
        return self.sdk.v1.checkout.sessions.create(values | changes, {"idempotency_key": key} if key else {})

    def held(self, cents: int = 1290) -> stripe.PaymentIntent:
        """An intent that is authorised and waits to be captured."""
        session = self.session(cents)
        return self.sdk.v1.payment_intents.retrieve(self.pull("pay", session=session.id)["intent"])

    def taken(self, cents: int = 1290) -> stripe.PaymentIntent:
        return self.sdk.v1.payment_intents.capture(self.held(cents).id)


@pytest.fixture(scope="module")
def _server() -> Iterator[Server]:
    server = Server(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def stand(_server) -> Stand:
    stand = Stand(_server)
    stand.pull("reset")
    return stand
