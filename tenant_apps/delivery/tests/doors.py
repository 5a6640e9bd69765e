"""What the tests of deliveries start from: orders ready at doors of Lille, drivers on shift, taps on their phone."""

import datetime as dt
import re
import uuid

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, ask, place
from shared_apps.accounts.models import User
from shared_apps.catalogue.models import ServiceMode
from shared_apps.onboarding.simulation.browser import Reader
from tenant_apps.delivery.models import Act, Round, Shift, Stop
from tenant_apps.delivery.services import performing, rounds, shifts
from tenant_apps.delivery.services.performing import Tap
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop


def door(number: int = 0) -> Contact:
    """A door further from the shop with each number."""
    return Contact(
        "Camille Martin", "+33612345678", "camille@example.com", f"{number + 1} rue Nationale", "59000", "Lille",
        f"{number + 1}e étage, code 12B", 50.637 + 0.004 * number, 3.063,
    )  # fmt: skip


def ready(shop: Shop, number: int = 0, *lines: object) -> Order:
    """A delivery that the kitchen has finished."""
    wishes = Wishes(ServiceMode.DELIVERY, is_adult=True)
    order = place(shop, *(lines or [ask("margherita", 2)]), wishes=wishes, contact=door(number))  # type: ignore[arg-type]
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
        return kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())


def driving(user: User) -> By:
    return By(Actor.DRIVER, user.pk)


def begin(shop: Shop, user: User, float_cents: int = 3000) -> Shift:
    return shifts.start(shop=shop, driver_id=user.pk, float_cents=float_cents, now=timezone.now())


def give(shop: Shop, user: User, *orders: Order) -> Round:
    """These orders in the round that the driver prepares."""
    shift = begin(shop, user)
    for order in orders:
        now = timezone.now()
        stop = rounds.assign(shop=shop, order_id=order.pk, shift_id=shift.pk, by=driving(user), now=now)
    return stop.round


def tap(
    shop: Shop, user: User, kind: str, round_: Round, order: Order | None = None, now: dt.datetime | None = None,
    paid_by: str = "", **what: object,
) -> Act:  # fmt: skip
    """Acts on the phone; `paid_by` is the means by which all that is due is taken."""
    submission = what.pop("submission", None) or uuid.uuid4()
    if paid_by:
        what["tender"] = Tender(Payment.Means(paid_by), submission)  # type: ignore[arg-type]
    stop = Stop.objects.filter(round=round_, order=order).first() if order else None
    made = Tap(**{
        "kind": Act.Kind(kind), "submission": submission, "round_id": round_.pk, "stop_id": stop.pk if stop else 0, **what,
    })  # type: ignore[arg-type]  # fmt: skip
    return performing.perform(shop=shop, tap=made, by=driving(user), now=now or timezone.now())


def send_out(shop: Shop, user: User, *orders: Order) -> Round:
    """A round that has left with these orders."""
    round_ = give(shop, user, *orders)
    assert tap(shop, user, "left", round_).refusal == ""
    round_.refresh_from_db()
    return round_


def press(client: Client, action: str, **values: str) -> HttpResponse:
    """Presses the button of the form of the driver's page whose address matches, as the page filled it."""
    reader = Reader("/livraisons/")
    reader.feed(client.get("/livraisons/").content.decode())
    form = next(form for form in reader.forms if re.search(action, form.action))
    return client.post(form.action, form.fields | values)
