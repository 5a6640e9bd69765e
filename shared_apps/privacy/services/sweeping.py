"""What the group forgets by age, in the public schema."""

import datetime as dt
import logging

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django_q.models import Task
from django_q.tasks import async_task

from shared_apps.accounts.models import Membership, User
from shared_apps.places.models import Geocode
from shared_apps.privacy.models import Erasure, ErasureNotice, Export
from shared_apps.privacy.periods import FAILED_TASK_DAYS, GEOCODE_DAYS, NOTICE_DAYS, periods
from shared_apps.privacy.services import erasing
from shared_apps.sales.models import OrderSummary

logger = logging.getLogger(__name__)
BATCH = 500
ACCOUNTS = 100  # in one night
NOTICE = dt.timedelta(days=NOTICE_DAYS)


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
    warn_unused(now=now)
    close_unused(now=now)


def _delete(rows: "QuerySet[Model]") -> None:
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()


def unused(*, since: dt.datetime) -> "QuerySet[User]":
    """Customers who have neither ordered nor signed in since then; nobody of the staff."""
    ordered = OrderSummary.objects.filter(customer__user=OuterRef("pk"), placed_at__gte=since)
    works = Membership.objects.filter(user=OuterRef("pk"))
    found = User.objects.filter(~Exists(ordered), ~Exists(works), is_staff=False, is_superuser=False)
    found = found.annotate(last=Coalesce("last_login", "created_at")).filter(last__lt=since)
    return found.filter(~Exists(Erasure.objects.filter(user=OuterRef("pk"))))


def warn_unused(*, now: dt.datetime) -> None:
    """A letter to those whose account goes in NOTICE_DAYS; the letter to who came back since is forgotten, for another time."""
    soon = unused(since=periods().before("account", now) + NOTICE)
    ErasureNotice.objects.exclude(user__in=soon).delete()
    noticed = ErasureNotice.objects.filter(user=OuterRef("pk"))
    for user in soon.filter(~Exists(noticed)).order_by("pk")[:ACCOUNTS]:
        with transaction.atomic():
            ErasureNotice.objects.create(user=user, written_at=now)
            async_task("shared_apps.privacy.tasks.warn", user.pk)


def close_unused(*, now: dt.datetime) -> None:
    """Those who were told, and let the time pass."""
    told = ErasureNotice.objects.filter(user=OuterRef("pk"), written_at__lte=now - NOTICE)
    for user in unused(since=periods().before("account", now)).filter(Exists(told)).order_by("pk")[:ACCOUNTS]:
        try:
            erasing.begin(user=user, cause=Erasure.Cause.INACTIVE, now=now)
        except erasing.OrderUnderWay:
            logger.warning("account %s has an old order that is not over", user.pk)
