"""The kitchen's board on a full Friday through gunicorn, against bare Django pages that make the same queries.

The work: a cook who is signed in opens `/cuisine/` of a shop with 24 tickets of 5 lines, half of them taken: host, schema and
role, session, user, membership, settings, orders with their lines and products, what is for later, what left the board,
rush mode, the printer; the whole page rendered.
"""

import datetime as dt
from collections.abc import Iterator

from django.db.models import F
from django.utils import timezone
from django_tenants.utils import schema_context

from bench import serving, shops
from bench.reporting import Line, Target, expect
from shared_apps.accounts.models import Membership, Role, User
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order, OrderLine
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.services.acts import By
from tenant_apps.shop.models import ShopSettings, Slot
from tenant_apps.stock.models import StockLevel
from tenants.hosts import Shop

EMAIL = "cuisine@bench.example"
TICKETS, LINES_EACH = 24, 5


def lines() -> Iterator[Line]:
    (shop,) = shops.opened(1, kind="kitchen")
    with schema_context(shop.schema_name):
        _fill(shop)
        expect("lines on the board", found=OrderLine.objects.count(), wanted=TICKETS * LINES_EACH)
    yield from serving.compared(
        serving.Visit(shop, "/cuisine/", EMAIL, serving.signed_in(_cook(shop))),
        work=f"kitchen board, {TICKETS} tickets, {TICKETS * LINES_EACH} lines, gunicorn",
        target=Target(">=", 0.8),
        count=lambda body: body.count('<li class="item'),
        counted=TICKETS * LINES_EACH,
        words="lines",
    )


def _cook(shop: Shop) -> User:
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, name="Alix")
    Membership.objects.get_or_create(user=user, role=Role.COOK, pizzeria_id=shop.id)
    return user


def _fill(shop: Shop) -> None:
    """All in one slot, which starts now: the board shows the next hour."""
    ShopSettings.objects.update(oven_places=200)
    StockLevel.objects.update(on_hand=1_000_000)  # deep enough for all of them
    for number in range(TICKETS - Order.objects.count()):
        order = shops.place(shop, [*shops.three_pizzas(), *shops.three_pizzas()][:LINES_EACH])
        if number % 2:
            kitchen.claim(shop=shop, order_id=order.pk, by=By(Actor.COOK), now=timezone.now())
    first = Slot.objects.order_by("starts_at").first()
    late = timezone.now() - (first.starts_at if first else timezone.now())
    Slot.objects.update(starts_at=F("starts_at") + late, ends_at=F("ends_at") + late)
    Order.objects.update(placed_at=timezone.now() - dt.timedelta(minutes=5))
