"""What the pages of a shop's site show."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shared_apps.catalogue import queries as catalogue
from shared_apps.catalogue.models import Product, ServiceMode
from shared_apps.catalogue.pictures import Drawn
from shared_apps.catalogue.recipes import Card, Component, Composition, Extra, Offer
from shared_apps.core.templatetags.formats import uncapitalised
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import online, outcomes, settlement
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import Hours
from tenant_apps.shop.queries import Changes
from tenant_apps.stock import queries as stock_queries
from tenant_apps.till import queries as till

FEW = 5  # said when so many or fewer are left


@dataclass(frozen=True, slots=True)
class Dish:
    """A product on the menu, with all its sizes."""

    offers: tuple[Offer, ...]
    feasible: int  # how many the stock allows at the soonest, in the size it allows most
    made_from: dt.datetime | None  # when none: the moment from which one can be made, with what is expected

    @property
    def first(self) -> Offer:
        return self.offers[0]

    @property
    def sold_out(self) -> bool:
        return self.feasible < 1

    @property
    def few_left(self) -> bool:
        return 0 < self.feasible <= FEW

    @property
    def ingredients(self) -> str:
        names = ", ".join(uncapitalised(part.name) for part in self.first.recipe if not part.is_dough)
        return names[:1].upper() + names[1:]


@dataclass(frozen=True, slots=True)
class Section:
    category: str
    title: str
    dishes: tuple[Dish, ...]


def menu(own: Changes | None = None, *, now: dt.datetime, at: dt.datetime | None = None) -> list[Section]:
    """The card, with what can be made of it at the soonest: `at`, or now."""
    card, feasible = shop_queries.whole_card(own), stock_queries.feasible(at=max(now, at or now), now=now)
    gone = [offer for offer in card.offers.values() if feasible.get(offer.variant_id, 0) < 1]
    later = _later(gone, now)
    by_category: dict[str, list[Dish]] = {category: [] for category in Product.Category.values}
    for offers in by_product(card.offers.values()):
        count = max(feasible.get(offer.variant_id, 0) for offer in offers)
        made_from = min((later[offer.variant_id] for offer in offers if offer.variant_id in later), default=None)
        by_category[offers[0].category].append(Dish(tuple(offers), count, made_from))
    return [
        Section(category, str(Product.Category(category).label), tuple(dishes))
        for category, dishes in by_category.items()
        if dishes
    ]


def origins(own: Changes, now: dt.datetime) -> list[tuple[str, str]]:
    """(meat, origin) of the card's, and of what stands for something in it now."""
    meats = [one.component for one in own.applying(now).values() if one.is_meat]
    return sorted({*catalogue.meat_origins(), *((meat.name, meat.origin) for meat in meats)})


def _later(gone: list[Offer], now: dt.datetime) -> dict[int, dt.datetime]:
    """Of what cannot be made now: from when it can, by variant id. Asks nothing when nothing is sold out."""
    if not gone:
        return {}
    needs = {offer.variant_id: {part.ingredient_id: part.quantity for part in offer.recipe} for offer in gone}
    outlook = stock_queries.outlook({key for recipe in needs.values() for key in recipe}, now=now)
    found = {key: outlook.from_when(recipe) for key, recipe in needs.items()}
    return {key: at for key, at in found.items() if at}


def by_product(offers: Iterable[Offer]) -> Iterable[list[Offer]]:
    grouped: dict[int, list[Offer]] = {}
    for offer in offers:
        grouped.setdefault(offer.product_id, []).append(offer)
    return grouped.values()


def drawn(offer: Offer, extras: Iterable[Extra] = (), removed: Iterable[Component] = ()) -> Drawn:
    left_out = {part.choice_id for part in removed}
    parts = [part for part in offer.recipe if part.choice_id not in left_out]
    parts += [extra.component for extra in extras]
    return Drawn(offer.code, offer.base, tuple(dict.fromkeys(part.drawing for part in parts if part.drawing)))


def drawn_composition(composition: Composition) -> list[Drawn]:
    return [drawn(half, composition.extras, composition.removed) for half in composition.halves]


def pizzas_in(sections: Iterable[Section]) -> list[Drawn]:
    """One drawing per pizza of the menu."""
    return [drawn(dish.first) for section in sections for dish in section.dishes if dish.first.is_pizza]


@dataclass(frozen=True, slots=True)
class Removable:
    component: Component
    removed: bool


@dataclass(frozen=True, slots=True)
class Addable:
    extra: Extra
    added: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the customiser offers around one composition."""

    composition: Composition
    sizes: tuple[Offer, ...]
    other_halves: tuple[Offer, ...]
    removable: tuple[Removable, ...]
    addable: tuple[Addable, ...]
    feasible: int  # now
    made_from: dt.datetime | None  # when none: the moment from which one can be made, with what is expected

    @property
    def left(self) -> Offer:
        return self.composition.halves[0]

    @property
    def right(self) -> Offer | None:
        return self.composition.halves[1] if len(self.composition.halves) == 2 else None


def choices(card: Card, composition: Composition, *, now: dt.datetime) -> Choices:
    left = composition.halves[0]
    offers = list(card.offers.values())
    removed = {part.choice_id for part in composition.removed}
    added = {extra.component.choice_id for extra in composition.extras}
    parts = {part.choice_id: part for half in composition.halves for part in half.recipe if part.removable}
    offered = card.extras.get(left.size_id or 0, {}) if left.is_pizza else {}
    needs = composition.needs
    outlook = stock_queries.outlook(needs, now=now)
    return Choices(
        composition=composition,
        sizes=tuple(offer for offer in offers if offer.product_id == left.product_id),
        other_halves=tuple(
            offer
            for offer in offers
            if left.is_pizza
            and offer.size_id == left.size_id
            and offer.product_id != left.product_id
            and offer.is_pizza
        ),
        removable=tuple(Removable(part, key in removed) for key, part in parts.items()),
        addable=tuple(Addable(extra, key in added) for key, extra in offered.items()),
        feasible=min((int(outlook.free(key, now) // need) for key, need in needs.items()), default=0),
        made_from=outlook.from_when(needs),
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the shop takes orders now, and else from when."""

    is_open: bool
    closes_at: dt.datetime | None
    opens_at: dt.datetime | None

    @property
    def soonest(self) -> dt.datetime | None:
        """When the kitchen would begin an order at the soonest, if that is not now."""
        return None if self.is_open else self.opens_at


def opening(hours: Hours, now: dt.datetime) -> Opening:
    current = hours.current(now)
    return Opening(current is not None, current.end if current else None, hours.next_opening(now))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an order as its customer follows it; done by a real act, at that moment."""

    label: str
    at: dt.datetime | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class Money:
    """What of an order is paid, in cents."""

    order: Order
    taken_cents: int
    held_cents: int  # on a card, until the kitchen starts
    online: bool  # some of it was to be paid online
    was_let_go: bool  # a sum was held on a card, and never taken

    @property
    def due_cents(self) -> int:
        return max(0, self.order.owed_cents - self.taken_cents - self.held_cents)

    @property
    def to_debit_cents(self) -> int:
        """What of the sum held is taken when the kitchen starts: after a change downwards, less than all of it."""
        return min(self.held_cents, max(0, self.order.owed_cents - self.taken_cents))

    @property
    def may_pay_online(self) -> bool:
        """Whoever chose to; the rest after a change too."""
        return self.due_cents >= online.LEAST_CENTS and (
            self.order.awaits_payment or (self.online and self.order.can_still_change)
        )

    @property
    def may_pay_on_receipt(self) -> bool:
        """A delivery above the shop's sum is not."""
        above = shop_queries.settings().prepaid_above_cents
        return self.order.mode != ServiceMode.DELIVERY or above is None or self.order.total_cents <= above

    @property
    def until_at(self) -> dt.datetime:
        """How long an order waits for its payment."""
        return self.order.placed_at + outcomes.patience()


def money(order: Order) -> Money:
    attempts = list(order.online_payments.all())
    held = sum(one.amount_cents for one in attempts if one.state == one.State.AUTHORISED)
    let_go = any(one.authorised_at and one.payment_id is None for one in attempts)
    return Money(order, settlement.kept_cents(order), held, bool(attempts), let_go)


def tracked(order: Order) -> dict[str, object]:
    """What the page of an order shows."""
    is_sold = till.is_sold(order_number=order.pk)
    return {"order": order, "steps": steps(order), "money": money(order), "is_sold": is_sold}


def steps(order: Order) -> list[Step]:
    """Placed, claimed, ready, on its way for a delivery, handed over: nothing here advances with time."""
    delivered = order.mode == ServiceMode.DELIVERY
    if order.awaits_payment:
        acts = [(_("Awaiting payment"), order.placed_at), (_("Order received"), None)]
    else:
        acts = [(_("Order received"), order.visible_since)]
    acts.append((_("In preparation"), order.claimed_at))
    if order.in_oven_at:  # where the kitchen says so
        acts.append((_("In the oven"), order.in_oven_at))
    acts.append((_("Ready") if delivered else _("Ready to collect"), order.ready_at))
    if delivered:
        acts.append((_("On its way"), order.left_at))
    acts.append((_("Delivered") if delivered else _("Collected"), order.handed_over_at))
    last = max((position for position, (_label, at) in enumerate(acts) if at), default=0)
    return [Step(label, at, position == last) for position, (label, at) in enumerate(acts)]


def order_by_reference(reference: str) -> Order | None:
    return (
        Order.objects.select_related("slot")
        .prefetch_related("lines", "remade_by__slot")
        .filter(reference=reference)
        .first()
    )
