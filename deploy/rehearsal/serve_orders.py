"""Run by `manage.py shell`: a shop works its orders off; the first are cooked, paid in cash, handed over, the rest cancelled."""

import uuid

from django.utils import timezone
from django_tenants.utils import schema_context

from tenant_apps.orders.lifecycle import OPEN, Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing, kitchen, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop
from tenants.models import Pizzeria

COOKED = 40
cook, counter, manager = By(Actor.COOK), By(Actor.COUNTER), By(Actor.MANAGER)
shop = Shop.of(Pizzeria.objects.with_schema().get(slug="SLUG"))
with schema_context(shop.schema_name):
    waiting = list(Order.objects.filter(state__in=OPEN).order_by("pk").values_list("pk", flat=True))
    for pk in waiting[:COOKED]:
        kitchen.claim(shop=shop, order_id=pk, by=cook, now=timezone.now())
        kitchen.mark_ready(shop=shop, order_id=pk, by=cook, now=timezone.now())
        cash = settlement.Tender(means=Payment.Means.CASH, submission=uuid.uuid4())
        settlement.hand_over(shop=shop, order_id=pk, by=counter, now=timezone.now(), tender=cash)
    for pk in waiting[COOKED:]:
        changing.cancel(shop=shop, order_id=pk, by=manager, now=timezone.now())
print(len(waiting))
