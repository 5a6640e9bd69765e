"""What the group forgets by age, in the public schema."""

import datetime as dt
import logging

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django_q.models import Task

from shared_apps.accounts.models import Membership, User
from shared_apps.places.models import Geocode
from shared_apps.privacy.models import Erasure, Export
from shared_apps.privacy.periods import FAILED_TASK_DAYS, GEOCODE_DAYS, periods
from shared_apps.privacy.services import erasing
from shared_apps.sales.models import OrderSummary

logger = logging.getLogger(__name__)
BATCH = 500
ACCOUNTS = 100  # in one night


def sweep(*, now: dt.datetime) -> None:
    """Sessions that are over, answers of Google, failed tasks, copies that were asked for, throttles; then old accounts."""
    day = dt.timedelta(days=1)
    _delete(Session.objects.filter(expire_date__lt=now))
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    _delete(UserSession.objects.filter(~Exists(living), last_seen_at__lt=now - day))
    _delete(Geocode.objects.filter(fetched_at__lt=now - GEOCODE_DAYS * day))
    _delete(Task.objects.filter(success=False, stopped__lt=now - FAILED_TASK_DAYS * day))
    _delete(Export.objects.filter(asked_at__lt=periods().before("export", now)))
    with connection.cursor() as cursor:  # addresses that tried to sign in, counted for some minutes
        cursor.execute("DELETE FROM django_cache WHERE expires < %s", [now])
    close_unused(now=now)


def _delete(rows: "QuerySet[Model]") -> None:
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()


def unused(*, now: dt.datetime) -> "QuerySet[User]":
    """Customers who have neither ordered nor signed in for so long; nobody of the staff."""
    before = periods().before("account", now)
    ordered = OrderSummary.objects.filter(customer__user=OuterRef("pk"), placed_at__gte=before)
    works = Membership.objects.filter(user=OuterRef("pk"))
    found = User.objects.filter(~Exists(ordered), ~Exists(works), is_staff=False, is_superuser=False)
    found = found.annotate(last=Coalesce("last_login", "created_at")).filter(Q(last__lt=before))
    return found.filter(~Exists(Erasure.objects.filter(user=OuterRef("pk"))))


def close_unused(*, now: dt.datetime) -> None:
    for user in unused(now=now).order_by("pk")[:ACCOUNTS]:
        try:
            erasing.begin(user=user, cause=Erasure.Cause.INACTIVE, now=now)
        except erasing.OrderUnderWay:
            logger.warning("account %s has an old order that is not over", user.pk)
