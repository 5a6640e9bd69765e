"""Paying online, against the stand-in over HTTP: what a customer, the kitchen and Stripe do, and what is true after."""


from django.utils import timezone

from conftest import COOK, ask, check_invariants, place
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen, online, settlement
from tenant_apps.payments.models import OnlinePayment, Payment
from tenant_apps.stock.models import StockLevel


def waiting(shop, *lines, **changes) -> Order:
    """An order that awaits its payment, with its page open."""
    order = place(shop, *(lines or [ask("margherita")]), pays_online=True, **changes)
    online.open_page(shop=shop, order_id=order.pk, now=timezone.now())
    return order


def page_of(order) -> str:
    return order.online_payments.get(state__in=OnlinePayment.PENDING).url


def follow(shop, order, now=None) -> Order:
    online.follow(shop=shop, order_id=order.pk, now=now or timezone.now())
    return Order.objects.get(pk=order.pk)


def held(shop, stand_in, *lines, **changes) -> Order:
    """An order accepted by a card."""
    order = waiting(shop, *lines, **changes)
    stand_in.pay(page_of(order))
    return follow(shop, order)


def intent(stand_in) -> dict:
    (only,) = stand_in.objects("payment_intent")
    return only


def test_an_order_that_awaits_its_payment_holds_time_and_stock_and_is_in_nobodys_figures(shop, stand_in):
    order = waiting(shop)
    assert order.state == State.AWAITING_PAYMENT
    assert StockLevel.objects.get(ingredient__code="paton-classique").reserved == 1
    assert order.slot.taken == order.work
    check_invariants()


def test_paid_it_is_accepted_claimed_it_is_captured(shop, stand_in):
    order = held(shop, stand_in)
    assert (order.state, intent(stand_in)["status"]) == (State.ACCEPTED, "requires_capture")
    assert settlement.to_collect_cents(order) == 0
    assert not Payment.objects.exists()
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    follow(shop, order)
    payment = Payment.objects.get()
    assert (payment.means, payment.amount_cents) == (Payment.Means.ONLINE_CARD, order.total_cents)
    assert intent(stand_in)["amount_received"] == order.total_cents
    check_invariants()
