"""What came in and went back in one business day of a shop, for its manager."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from shared_apps.core.calendar import day_bounds
from tenant_apps.drawer import queries as drawer
from tenant_apps.drawer.models import DrawerSession
from tenant_apps.payments.models import Payment, Refund, Tip


@dataclass(frozen=True, slots=True)
class ByMeans:
    """In cents."""

    label: str
    taken: int
    given_back: int

    @property
    def kept(self) -> int:
        return self.taken - self.given_back


@dataclass(frozen=True, slots=True)
class Day:
    by_means: list[ByMeans]
    total: ByMeans
    payments: list[Payment]  # newest first
    refunds: list[Refund]
    tips: list[tuple[str, str, int]]  # who, by what means, cents
    sessions: list[DrawerSession]
    outside_cents: int  # cash of the counter that came in while no drawer was open


def takings(day: dt.date) -> Day:
    begins, ends = day_bounds(day)
    payments = Payment.objects.filter(taken_at__gte=begins, taken_at__lt=ends)
    refunds = Refund.objects.filter(asked_at__gte=begins, asked_at__lt=ends)
    rows = _by_means(payments, refunds.exclude(state=Refund.State.FAILED))
    return Day(
        by_means=rows,
        total=ByMeans("", sum(row.taken for row in rows), sum(row.given_back for row in rows)),
        payments=list(payments.select_related("taken_by", "order").order_by("-taken_at", "-id")),
        refunds=list(refunds.select_related("asked_by", "order").order_by("-asked_at", "-id")),
        tips=_tips(begins, ends),
        sessions=list(drawer.sessions(begins, ends)),
        outside_cents=_outside(payments),
    )


def _by_means(payments: QuerySet[Payment], refunds: QuerySet[Refund]) -> list[ByMeans]:
    came, went = (
        Counter(dict(found.order_by("means").values_list("means").annotate(Sum("amount_cents"))))
        for found in (payments, refunds)
    )
    return [
        ByMeans(str(means.label), came[means.value], went[means.value])
        for means in Payment.Means
        if came[means.value] or went[means.value]
    ]


def _tips(begins: dt.datetime, ends: dt.datetime) -> list[tuple[str, str, int]]:
    found = Tip.objects.filter(payment__taken_at__gte=begins, payment__taken_at__lt=ends)
    sums = found.values_list("received_by__name", "payment__means").annotate(Sum("amount_cents"))
    rows = sums.order_by("received_by__name", "payment__means")
    return [(who or "—", str(Payment.Means(means).label), cents) for who, means, cents in rows]


def _outside(payments: QuerySet[Payment]) -> int:
    """A driver's cash is in no drawer either, until it is handed in: what was taken on the road is left out."""
    on_the_road = Q(order__left_at__isnull=False, order__handed_over_at__isnull=False)
    loose = payments.filter(means=Payment.Means.CASH, cash_movement=None).exclude(on_the_road)
    return loose.aggregate(sum=Sum("amount_cents"))["sum"] or 0
