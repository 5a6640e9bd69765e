import datetime as dt

from django.db.models import QuerySet, Sum

from tenant_apps.drawer.models import CashMovement, DrawerSession


def open_session() -> DrawerSession | None:
    return DrawerSession.objects.select_related("operator").filter(closed_at=None).first()


def expected_cents(session: DrawerSession) -> int:
    """Float + cash payments − cash refunds ± what was put in or taken out."""
    return session.movements.aggregate(sum=Sum("delta_cents"))["sum"] or 0


def movements(session: DrawerSession) -> QuerySet[CashMovement]:
    """Those that somebody made by hand, newest first: a payment is on the page of its order."""
    by_hand = session.movements.exclude(kind__in=(CashMovement.Kind.PAYMENT, CashMovement.Kind.REFUND))
    return by_hand.select_related("actor").order_by("-id")


def sessions(since: dt.datetime, until: dt.datetime) -> QuerySet[DrawerSession]:
    found = DrawerSession.objects.filter(opened_at__gte=since, opened_at__lt=until)
    return found.select_related("operator", "closed_by").prefetch_related("counts__actor").order_by("opened_at")


def last_left_cents() -> int:
    """What was counted in the drawer when it was last closed: what is probably in it now."""
    last = DrawerSession.objects.exclude(closed_at=None).order_by("-closed_at").first()
    return (last.counted_cents or 0) if last else 0
