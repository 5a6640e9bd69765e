"""Stock alerts to the managers, from the read model alone: no shop's schema is opened."""

import datetime as dt

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shared_apps.accounts.models import Membership, Role
from shared_apps.core.reporting import EVERY_MINUTE, monitored
from shared_apps.sales.models import StockAlert
from tenants.models import Pizzeria
from tenants.tasks import of_shop

GATHERED = dt.timedelta(minutes=5)  # what falls together is told together


@monitored("tell-alerts", EVERY_MINUTE)
def tell_alerts() -> None:
    """Every minute: the shops with alerts that nobody was written about."""
    waiting = StockAlert.objects.filter(told_at=None, since__lt=timezone.now() - GATHERED)
    for pizzeria_id in waiting.order_by("pizzeria_id").values_list("pizzeria_id", flat=True).distinct():
        async_task("shared_apps.sales.tasks.tell_alerts_of", pizzeria_id)


@of_shop
@transaction.atomic
def tell_alerts_of(pizzeria: Pizzeria) -> None:
    """One letter to the managers of the shop about all that is low; run again it finds nothing to tell."""
    alerts = StockAlert.objects.select_for_update(of=("self",)).filter(pizzeria=pizzeria, told_at=None)
    names = sorted(alert.ingredient.name for alert in alerts.select_related("ingredient"))
    if not names:
        return
    managers = Membership.objects.filter(pizzeria=pizzeria, role=Role.MANAGER, user__is_active=True)
    addresses = sorted(managers.values_list("user__email", flat=True))
    if addresses:
        subject = _("%(pizzeria)s: the stock is low") % {"pizzeria": pizzeria.name}
        context = {"pizzeria": pizzeria, "names": names, "url": f"{pizzeria.url}/gestion/stock/?voir=bas"}
        send_mail(subject, render_to_string("sales/alerts.txt", context), None, addresses)
    StockAlert.objects.filter(pizzeria=pizzeria, told_at=None, ingredient__name__in=names).update(
        told_at=timezone.now()
    )
