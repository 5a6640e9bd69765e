"""« Refaire »: an order, or some of it, made again for nothing. It uses stock like an order and sells nothing.

No capacity refuses it: it takes its place in the next slot when there is one free, and goes first in the kitchen anyway.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.orders import quoting
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Case, Order, OrderLine, RemakeReason, new_reference
from tenant_apps.orders.quoting import Asked, Quote, QuotedLine
from tenant_apps.orders.services import acts, telling
from tenant_apps.orders.services.acts import By
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.stock.services import reservations
from tenants.hosts import Shop

SOON = dt.timedelta(hours=1)  # further than that, the shop is closing: the remake keeps the time that was promised

KEPT = (
    "channel", "mode", "contact_name", "contact_phone", "contact_email", "street", "postcode", "city",
    "address_details", "latitude", "longitude", "note", "allergy_note", "terms_version",
    "adult_declared",
)  # fmt: skip


class CannotBeRemade(RuleError):
    """Not begun by the kitchen, cancelled, or a remake itself."""

    def __init__(self) -> None:
        super().__init__(_("Only an order that the kitchen has begun is made again; before, change or cancel it."))


class NothingToRemake(RuleError):
    """No line is chosen, or more of one than was ordered."""

    def __init__(self) -> None:
        super().__init__(_("Choose what to make again, at most what was ordered."))


class NotForThisRole(RuleError):
    """A cook asks for a remake; the counter decides."""

    def __init__(self) -> None:
        super().__init__(_("The counter or the manager decides on a remake."))


@transaction.atomic
def remake(
    *,
    shop: Shop,
    order_id: int,
    submission: uuid.UUID,
    quantities: Mapping[int, int],  # id of a line of the order → pieces
    reason: RemakeReason,
    words: str,
    by: By,
    now: dt.datetime,
) -> Order:
    """The same submission again returns the remake it made.

    Raises NotForThisRole, CannotBeRemade, NothingToRemake, OutOfStock, NotOnTheCard.
    """
    if by.capacity not in (Actor.COUNTER, Actor.MANAGER):
        raise NotForThisRole
    original = acts.locked(order_id)
    already = Order.objects.filter(submission=submission).first()
    if already:
        return already
    if not original.can_be_remade:
        raise CannotBeRemade
    quote = _quote(original, quantities).at(now)
    slot_id, work = _slot(shop, original, quote.work, now)
    order = _copy(original, submission, slot_id, work, reason, words, now)
    order.alcohol = Order.Alcohol.TO_CHECK if quote.has_alcohol else Order.Alcohol.NONE
    order.save(force_insert=True)
    OrderLine.objects.bulk_create(_for_nothing(quoting.rows(order_id=order.pk, quote=quote)))
    reservations.reserve(
        order_id=order.pk, needs=quote.needs, needed_at=now, pizzeria_id=shop.id, now=now, recipes=quote.recipes
    )
    acts.record(order=order, by=by, now=now, from_state="", reason="remake", detail={"remakes": original.number})
    Case.objects.filter(order=original, kind=Case.Kind.REMAKE, closed_at=None).update(
        closed_at=now, closed_by_id=by.user_id, resolution=RemakeReason(reason).label
    )
    telling.print_ticket(shop=shop, order=order, kind="kitchen")
    acts.tell(shop=shop, order=order, stock=True)
    return order


@transaction.atomic
def ask(*, shop: Shop, order_id: int, by: By, now: dt.datetime) -> None:
    """The kitchen asks the counter for a remake: « À traiter ». Asked twice it is asked once. Raises CannotBeRemade."""
    order = acts.locked(order_id)
    if not order.can_be_remade:
        raise CannotBeRemade
    asked = Case(order=order, kind=Case.Kind.REMAKE, opened_at=now)
    if not Case.objects.filter(order=order, kind=Case.Kind.REMAKE, closed_at=None).exists():
        asked.save()
        acts.record(order=order, by=by, now=now, from_state=order.state, reason="remake_asked")
    acts.tell(shop=shop, order=order)


def _quote(original: Order, quantities: Mapping[int, int]) -> Quote:
    """What the chosen pieces are made of, on the card of now, even what is no longer sold."""
    lines = {line.pk: line for line in original.lines.all()}
    wanted = {key: pieces for key, pieces in quantities.items() if pieces}
    if not wanted or any(key not in lines or not 0 < n <= lines[key].quantity for key, n in wanted.items()):
        raise NothingToRemake
    chosen = [key for key in lines if key in wanted]
    asked = quoting.asked([lines[key] for key in chosen])
    own = shop_queries.changes()
    card = quoting.card_for(asked, own=replace(own, substitutes=()))
    pairs: list[tuple[Asked, int]] = [(line, wanted[key]) for line, key in zip(asked, chosen, strict=True)]
    return Quote(
        tuple(QuotedLine(card.compose_placed(line.configuration), pieces) for line, pieces in pairs), card, own
    )


def _slot(shop: Shop, original: Order, work: int, now: dt.datetime) -> tuple[int, int]:
    """Its slot and the work it takes there: none when the slot is full, since a remake does not wait for a place."""
    situation = shop_queries.situation(now)
    slot = next(iter(shop_queries.offered_slots(now=now, work=0, shop=situation)), None)
    if slot is None or slot.window.start > now + SOON:
        return original.slot_id, 0
    capacity = situation.settings.slot_work
    slot_id = shop_services.take_slot(window=slot.window, work=0, capacity=capacity, slot_id=slot.slot_id)
    try:
        shop_services.change_slot_work(slot_id=slot_id, delta=work)
    except shop_services.SlotFull:
        return slot_id, 0
    return slot_id, work


def _copy(
    original: Order,
    submission: uuid.UUID,
    slot_id: int,
    work: int,
    reason: RemakeReason,
    words: str,
    now: dt.datetime,
) -> Order:
    return Order(
        **{name: getattr(original, name) for name in KEPT},
        reference=new_reference(),
        submission=submission,
        slot_id=slot_id,
        work=work,
        items_cents=0,
        total_cents=0,
        placed_at=now,
        remakes=original,
        remake_reason=reason,
        remake_words=words.strip()[:200],
    )


def _for_nothing(rows: list[OrderLine]) -> list[OrderLine]:
    for row in rows:
        row.unit_price_cents = 0
    return rows
