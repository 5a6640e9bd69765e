"""An ingredient replaced by another for a time: the open orders follow at once, and everybody is told (ADR 0028).

In one transaction: the substitution, what the orders hold, what their tickets and labels say, the cases, the hint.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import schedule

from shared_apps.catalogue.recipes import Card, ImpossibleConfiguration, NotOnTheCard
from shared_apps.live import hints
from shared_apps.messages.models import Message
from tenant_apps.orders import quoting
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Case, Order, OrderLine
from tenant_apps.orders.services import acts, cases, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.queries import Changes
from tenant_apps.stock.models import Substitution
from tenant_apps.stock.services import substitutions
from tenant_apps.stock.services.movements import Where
from tenant_apps.stock.services.substitutions import OrdersBusy
from tenants.hosts import Shop

END = "tenant_apps.orders.tasks.end_substitution"
WORDS = ("without_names", "extra_names", "allergens", "replaced_names")
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)  # seconds: an act on an order takes a few milliseconds
Outcome = TypeVar("Outcome")


def start(
    *,
    shop: Shop,
    replaced_id: int,
    replacement_id: int,
    ratio: Decimal,
    reason: str,
    until_at: dt.datetime | None,
    actor_id: int | None,
    now: dt.datetime,
) -> list[Order]:
    """Replaces an ingredient, until a moment or until somebody ends it; returns the orders whose recipe changed.

    Raises WrongSubstitution, OrdersBusy.
    """

    def act() -> list[Order]:
        begun = substitutions.start(
            where=_where(shop),
            replaced_id=replaced_id,
            replacement_id=replacement_id,
            ratio=ratio,
            reason=reason,
            until_at=until_at,
            actor_id=actor_id,
            now=now,
        )
        if until_at:
            schedule(END, shop.id, begun.pk, schedule_type=Schedule.ONCE, next_run=until_at)
        return _follow(shop, begun, actor_id, now)

    return _again_while_busy(act)


def end(*, shop: Shop, substitution_id: int, actor_id: int | None, now: dt.datetime) -> list[Order]:
    """Recipes as before, for orders not yet taken too; nothing when somebody ended it first. Raises OrdersBusy."""

    def act() -> list[Order]:
        ended = substitutions.end(where=_where(shop), substitution_id=substitution_id, actor_id=actor_id, now=now)
        return _follow(shop, ended, actor_id, now) if ended else []

    return _again_while_busy(act)


def catch_up(*, shop: Shop, now: dt.datetime) -> None:
    """Ends what is over, then what orders could not follow when a substitution began or ended: a later day has come."""
    for substitution_id in substitutions.due(now):
        end(shop=shop, substitution_id=substitution_id, actor_id=None, now=now)
    for behind in substitutions.behind():
        _again_while_busy(lambda behind=behind: _follow(shop, behind, None, now))  # type: ignore[misc]


def catch_up_order(*, shop: Shop, order: Order, now: dt.datetime) -> None:
    """A claim was undone: what it holds again follows the recipes of now. The order and its levels are locked."""
    for behind in substitutions.behind():
        substitutions.follow(where=_where(shop), substitution=behind, order_id=order.pk, now=now)
    _rewrite(shop, [order], None, None, now)


def _again_while_busy(act: Callable[[], Outcome]) -> Outcome:
    for pause in PAUSES:
        try:
            with transaction.atomic():
                return act()
        except OrdersBusy:
            time.sleep(pause)
    with transaction.atomic():
        return act()


def _where(shop: Shop) -> Where:
    return Where(shop.id, shop.schema_name)


def _follow(shop: Shop, substitution: Substitution, actor_id: int | None, now: dt.datetime) -> list[Order]:
    keys = substitutions.follow(where=_where(shop), substitution=substitution, now=now)
    to_be_made = (State.AWAITING_PAYMENT, State.ACCEPTED)
    orders = list(Order.objects.filter(pk__in=keys, state__in=to_be_made).select_related("slot").order_by("pk"))
    changed = _rewrite(shop, orders, substitution, actor_id, now)
    cases.review_shortages(now=now)
    topics = ["orders", "stock", *(f"order-{order.reference}" for order in changed)]
    hints.changed(scope=shop.schema_name, topics=topics, group=True)
    return changed


def _rewrite(
    shop: Shop, orders: list[Order], substitution: Substitution | None, actor_id: int | None, now: dt.datetime
) -> list[Order]:
    """What the lines of these orders say becomes what is in them; returns the orders in which something changed."""
    own, lines = shop_queries.changes(), _lines(orders)
    card = (
        quoting.card_for(quoting.asked(lines), own=Changes(own.offers, sells_alcohol=own.sells_alcohol))
        if lines
        else None
    )
    changed = []
    for order in orders:
        its = [line for line in lines if line.order_id == order.pk]
        before = _allergens(its)
        made = [_say(line, card.with_substitutes(own.applying(order.slot.starts_at))) for line in its if card]
        if any(made):
            OrderLine.objects.bulk_update(its, WORDS)
            _tell(shop, order, substitution, before, _allergens(its), actor_id, now)
            changed.append(order)
    return changed


def _lines(orders: Iterable[Order]) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order__in=list(orders)).order_by("order_id", "position"))


def _say(line: OrderLine, card: Card) -> bool:
    """Puts into words what the line is made of; False when it said so already, or is on the card no more."""
    (asked,) = quoting.asked([line])
    try:
        words = quoting.in_words(card.compose(asked.configuration))
    except (NotOnTheCard, ImpossibleConfiguration):
        return False
    before = {name: getattr(line, name) for name in WORDS}
    for name, value in words.items():
        setattr(line, name, value)
    return words != before


def _allergens(lines: Iterable[OrderLine]) -> set[str]:
    return {code for line in lines for code in line.allergens}


def _tell(
    shop: Shop,
    order: Order,
    substitution: Substitution | None,
    before: set[str],
    after: set[str],
    actor_id: int | None,
    now: dt.datetime,
) -> None:
    """The kitchen sees a changed ticket; the customer hears of allergens; somebody calls whoever wrote of an allergy."""
    order.version += 1
    order.save(update_fields=["version"])
    by = By(Actor.MANAGER if actor_id else Actor.SYSTEM, actor_id)
    detail = {"allergens": [sorted(before), sorted(after)]}
    acts.record(order=order, by=by, now=now, from_state=order.state, reason="substituted", detail=detail)
    telling.print_ticket(shop=shop, order=order, kind="changed")
    if before != after:
        telling.tell_customer(shop=shop, order=order, kind=Message.Kind.ALLERGENS)
    _open_or_close(order, substitution, bool(after - before), now)


def _open_or_close(order: Order, substitution: Substitution | None, more: bool, now: dt.datetime) -> None:
    """A note is free words: any allergen more than was ordered is for a person to judge."""
    ingredient_id = substitution.replacement_id if substitution else None
    case = Case(order=order, kind=Case.Kind.ALLERGY, ingredient_id=ingredient_id, opened_at=now)
    if more and order.allergy_note:
        Case.objects.bulk_create([case], ignore_conflicts=True)
    elif ingredient_id and not more:
        cases.close_ended(order=order, ingredient_id=ingredient_id, now=now)
