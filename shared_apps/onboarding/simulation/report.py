"""What the evening was: promised against real times, sold out moments, lateness, money. Read from the shop's own rows."""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from django.db.models import Count, Sum

from shared_apps.core.money import euros
from shared_apps.onboarding.simulation.notes import Notes
from tenant_apps.orders import queries
from tenant_apps.orders.lifecycle import OPEN, State
from tenant_apps.orders.models import Order
from tenant_apps.payments.models import Payment


def open_orders(closes_at: dt.datetime) -> int:
    """How many are still to be handed over tonight; one promised for after the evening waits for its own time."""
    return sum(handled.order.slot.starts_at < closes_at for handled in queries.in_progress())


def lines(*, since: dt.datetime, closes_at: dt.datetime, notes: Notes, factor: float) -> Iterator[str]:
    """The report, in the schema of the shop. `factor`: minutes of the evening in one minute of the clock."""
    orders = list(Order.objects.filter(placed_at__gte=since).select_related("slot"))
    yield from _orders(orders, closes_at)
    for title, chosen in (
        ("livrées", [order for order in orders if order.mode == "delivery"]),
        ("à emporter", [order for order in orders if order.mode != "delivery"]),
    ):
        yield from _times(title, chosen, factor)
    yield from _sold_out(notes, factor)
    yield from _money(since)
    yield "\nActes : " + ", ".join(f"{act} {count}" for act, count in sorted(notes.acts.items()))
    yield from _refusals(notes)
    yield from _faults(notes)


def _orders(orders: Sequence[Order], closes_at: dt.datetime) -> Iterator[str]:
    states = Counter(str(State(order.state).label) for order in orders)
    channels = Counter(str(Order.Channel(order.channel).label) for order in orders)
    yield f"\nCommandes : {len(orders)} ({_list(channels)})"
    yield f"  {_list(states)}"
    still = [order for order in orders if order.state in OPEN]
    later = sum(order.slot.starts_at >= closes_at for order in still)
    if later:
        yield f"  {later} promises pour après la soirée"
    if len(still) > later:
        yield f"  {len(still) - later} encore ouvertes"


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name.lower()}" for name, count in counts.most_common())


def _times(title: str, orders: Sequence[Order], factor: float) -> Iterator[str]:
    """Real moment minus the end of the time promised, in minutes of the evening; above zero is late."""
    done = [(order, real(order)) for order in orders]
    gaps = [minutes(moment - order.slot.ends_at) * factor for order, moment in done if moment]
    waits = [minutes(moment - order.placed_at) * factor for order, moment in done if moment]
    promises = [minutes(order.slot.ends_at - order.placed_at) * factor for order, moment in done if moment]
    if len(gaps) < 2:
        yield f"\nTemps, {title} : trop peu de commandes"
        return
    late = [gap for gap in gaps if gap > 0]
    yield f"\nTemps, {title} ({len(gaps)}), en minutes de la soirée :"
    yield f"  promis   p50 {quantile(promises, 50):6.1f}   p90 {quantile(promises, 90):6.1f}   (jusqu’à la fin du créneau)"
    yield f"  réel     p50 {quantile(waits, 50):6.1f}   p90 {quantile(waits, 90):6.1f}"
    yield f"  écart    p50 {quantile(gaps, 50):+6.1f}   p90 {quantile(gaps, 90):+6.1f}   (positif : en retard)"
    yield f"  en retard {len(late)} ({len(late) / len(gaps):.0%})" + (f", au pire {max(late):.0f} min" if late else "")


def real(order: Order) -> dt.datetime | None:
    """When the order was there for its customer: at the door, or ready to be collected."""
    return order.handed_over_at if order.mode == "delivery" else order.ready_at


def minutes(gap: dt.timedelta) -> float:
    return gap.total_seconds() / 60


def quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _sold_out(notes: Notes, factor: float) -> Iterator[str]:
    yield "\nÉpuisé, vu sur la carte (heures de la soirée) :"
    for dish, spells in sorted(notes.gone.items()):
        yield f"  {dish} : " + ", ".join(f"{_hour(start, factor)} – {_hour(end, factor)}" for start, end in spells)
    if not notes.gone:
        yield "  rien"


def _hour(seconds: float | None, factor: float) -> str:
    if seconds is None:
        return "la fin"
    passed = 18 * 60 + round(seconds * factor / 60)
    return f"{passed // 60} h {passed % 60:02d}"


def _money(since: dt.datetime) -> Iterator[str]:
    taken = Payment.objects.filter(taken_at__gte=since).order_by("means").values("means")
    rows = list(taken.annotate(sum=Sum("amount_cents"), count=Count("id")))
    yield f"\nArgent : {euros(sum(row['sum'] for row in rows))}"
    for row in rows:
        yield f"  {Payment.Means(row['means']).label} : {euros(row['sum'])} ({row['count']})"


def _refusals(notes: Notes) -> Iterator[str]:
    counted = Counter(f"{refusal.who} : {refusal.words}" for refusal in notes.refusals)
    yield f"\nRefus en clair : {sum(counted.values())}"
    for words, count in counted.most_common(12):
        yield f"  {count} × {words[:150]}"


def _faults(notes: Notes) -> Iterator[str]:
    counted = Counter(notes.faults)
    yield f"\nPannes du site : {sum(counted.values())}"
    for words, count in counted.most_common(12):
        yield f"  {count} × {words[:200]}"
