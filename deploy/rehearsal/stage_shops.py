"""Run by `manage.py shell`: the three shops open around the clock, with an oven and a stock that the load does not exhaust.

And somebody at their counters, who has a password: EMAIL and PASSWORD are replaced by the rehearsal.
"""

import datetime as dt

from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts import services as accounts
from shared_apps.accounts.models import Role
from tenant_apps.shop.models import OpeningRange, ShopSettings
from tenant_apps.stock.models import StockLevel
from tenant_apps.stock.services import movements
from tenants.models import Pizzeria

for pizzeria in Pizzeria.objects.all():
    with schema_context(pizzeria.schema_name):
        OpeningRange.objects.all().delete()
        OpeningRange.objects.bulk_create(
            OpeningRange(weekday=weekday, opens=dt.time(4), closes=dt.time(4)) for weekday in range(7)
        )
        ShopSettings.objects.update(oven_places=500, make_minutes=1, slot_minutes=15)
        where = movements.Where(pizzeria.pk, pizzeria.schema_name)
        for level in StockLevel.objects.all():
            movements.receive(
                where=where, ingredient_id=level.pk, quantity=100 * (level.par or 1), actor_id=None, now=timezone.now()
            )
    user = accounts.invite_member(
        email="EMAIL", name="Dominique Lefebvre", roles=[Role.COUNTER], pizzeria_id=pizzeria.pk, by_id=None
    )
accounts.set_password(user=user, password="PASSWORD")  # pragma: allowlist secret
print("ouvertes")
