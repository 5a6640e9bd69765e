import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_q.models import Schedule

from shared_apps.core.calendar import PARIS, business_day, day_bounds

EVERY_MINUTE = {
    "follow_payments": "tenant_apps.orders.tasks.follow_payments",
    "re_estimate": "tenant_apps.orders.tasks.re_estimate",
    "escalate": "tenant_apps.orders.tasks.escalate",
    "tell_alerts": "shared_apps.sales.tasks.tell_alerts",
    "tell_late": "tenant_apps.orders.tasks.tell_late",
    "close_days": "tenant_apps.till.tasks.close_days",
}
EVERY_FIVE_MINUTES = {"hear_from_stripe": "tenant_apps.orders.tasks.hear_from_stripe"}
HOURLY = {
    "forget_positions": "tenant_apps.delivery.tasks.forget_positions",
    "resume_erasures": "shared_apps.privacy.tasks.resume_erasures",
}
DAILY = {
    "reconcile_payments": "tenant_apps.orders.tasks.reconcile_payments",
    "begin_business_day": "tenant_apps.orders.tasks.begin_business_day",
    "sweep_baskets": "shared_apps.baskets.tasks.sweep",
    "forget_old_data": "shared_apps.privacy.tasks.forget",
}


class Command(BaseCommand):
    help = "Programme les tâches régulières ; relancée, ne répète rien."

    def handle(self, *args: Any, **options: Any) -> None:
        next_day = day_bounds(business_day(timezone.now()))[1].astimezone(PARIS) + dt.timedelta(minutes=1)
        for name, function in DAILY.items():
            Schedule.objects.get_or_create(
                name=name, defaults={"func": function, "schedule_type": Schedule.DAILY, "next_run": next_day}
            )
        often = [(name, function, 1) for name, function in EVERY_MINUTE.items()]
        often += [(name, function, 5) for name, function in EVERY_FIVE_MINUTES.items()]
        for name, function, minutes in often:
            Schedule.objects.get_or_create(
                name=name, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes}
            )
        for name, function in HOURLY.items():
            Schedule.objects.get_or_create(name=name, defaults={"func": function, "schedule_type": Schedule.HOURLY})
        self.stdout.write(f"{len(DAILY) + len(HOURLY) + len(often)} tâche(s) programmée(s).")
