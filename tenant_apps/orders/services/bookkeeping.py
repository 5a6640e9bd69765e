"""What `settlement` and `refunding` did with an order's money, sealed in the till's journal and told to the group's
figures: in this order, in their transaction."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from shared_apps.accounts.models import User
from shared_apps.catalogue import vat
from shared_apps.core.calendar import PARIS, business_day
from shared_apps.sales import services as sales
from shared_apps.sales.services import Cell
from tenant_apps.orders import receipts
from tenant_apps.orders.lifecycle import Actor, State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import Payment, Refund
from tenant_apps.till import queries as till_queries
from tenant_apps.till.models import Entry
from tenant_apps.till.queries import Standing
from tenant_apps.till.services import journal
from tenant_apps.till.services import sealing as till
from tenant_apps.till.services.journal import Draft
from tenant_apps.till.services.sealing import About
from tenants.hosts import Shop


def about(order: Order, by: By) -> About:
    """A customer is never named in what is sealed."""
    return About(order.number, order.channel, order.mode, name_of(by), by.capacity)


def name_of(by: By) -> str:
    """Of somebody of the staff."""
    if not by.user_id or by.capacity in (Actor.CUSTOMER, Actor.SYSTEM):
        return ""
    return User.objects.filter(pk=by.user_id).values_list("name", flat=True).first() or ""


def taken(
    *, shop: Shop, order: Order, payment: Payment, tip_cents: int, by: By, now: dt.datetime, taken_at: dt.datetime
) -> None:
    """Money came in; with it the sale, when the takings reach what is owed."""
    who = about(order, by)
    draft = till.payment_draft(
        about=who,
        means=payment.means,
        amount_cents=payment.amount_cents,
        taken_at=taken_at,
        tendered_cents=payment.tendered_cents,
        tip_cents=tip_cents,
    )
    drafts = [draft, *_sale(shop, order, who, [draft], now)]
    count(shop=shop, entries=journal.seal(shop=shop, drafts=drafts, now=now))


def sold(*, shop: Shop, order: Order, by: By, now: dt.datetime) -> None:
    """The sale, when it is not sealed yet and its takings are what is owed; a correction, when the order was changed
    after its receipt. Nothing otherwise."""
    drafts = _sale(shop, order, about(order, by), [], now)
    if drafts:
        count(shop=shop, entries=journal.seal(shop=shop, drafts=drafts, now=now))


def _sale(shop: Shop, order: Order, who: About, takings: Sequence[Draft], now: dt.datetime) -> list[Draft]:
    stands = till_queries.standing(order_number=order.number)
    bill = receipts.bill(order=order, day=business_day(now))
    taken_cents = stands.taken_cents + sum(draft.taken_cents for draft in takings)
    if order.state == State.CANCELLED or taken_cents < bill.total_cents - stands.returned_cents:
        return []  # more is sold once it is paid, and not before
    if stands.sale is not None:
        reason = _("The order was changed after its receipt")
        corrected = till.correction_draft(about=who, stands=stands, bill=bill, reason=reason)
        return [corrected] if corrected else []
    paid = _takings(stands, takings, bill.total_cents)
    return [till.sale_draft(shop=shop, about=who, bill=bill, takings=paid)]


def _takings(stands: Standing, drafts: Sequence[Draft], total_cents: int) -> list[tuple[str, int]]:
    """Means → cents over the whole life of the order, up to its total: more is money to give back, no sale."""
    by_means = dict(stands.by_means)
    for draft in drafts:
        means = draft.content["means"]
        by_means[means] = by_means.get(means, 0) + draft.taken_cents
    paid, left = [], total_cents
    for means, cents in by_means.items():
        part = min(cents, left)
        left -= part
        paid.append((means, part))
    return [(means, cents) for means, cents in paid if cents]


def given_back(*, shop: Shop, order: Order, refund: Refund, by: By, now: dt.datetime) -> None:
    """Money went out: by the rates of the lines returned, when lines were."""
    entry = till.seal_refund(
        shop=shop,
        about=about(order, by),
        means=refund.means,
        amount_cents=refund.amount_cents,
        reason=refund.reason,
        by_rate=_rates(order, refund),
        now=now,
    )
    count(shop=shop, entries=[entry])


def _rates(order: Order, refund: Refund) -> dict[int, int] | None:
    """Basis points → cents of this refund, as the sale or its last correction taxed the lines that its return names."""
    lines = till_queries.standing(order_number=order.number).lines
    if refund.reversal is None or refund.reversal.gesture_cents or not lines:
        return None
    weights: list[tuple[int, int]] = []
    for back in refund.reversal.lines.select_related("line"):
        weights += _weights(lines, back.line.position, back.amount_cents)
    if refund.reversal.delivery_cents:
        weights += _weights(lines, -1, refund.reversal.delivery_cents)
    return dict(vat.split(refund.amount_cents, weights)) if weights else None


def _weights(lines: Sequence[dict[str, object]], position: int, cents: int) -> tuple[tuple[int, int], ...]:
    if position >= len(lines):
        return ()
    parts = [(part["rate"], part["cents"]) for part in lines[position]["parts"]]  # type: ignore[attr-defined]
    return vat.split(cents, parts)


def count(*, shop: Shop, entries: Sequence[Entry]) -> None:
    """What was just sealed about one order, in the group's figures: on the day whose closing counts it."""
    taken_cents, turnover = sum(e.taken_cents for e in entries), sum(e.turnover_cents for e in entries)
    if not (taken_cents or turnover):
        return
    last = entries[-1]
    cell = Cell(shop.id, last.day, last.at.astimezone(PARIS).hour, last.content["channel"], last.content["mode"])
    sales.add(cell=cell, taken_cents=taken_cents, turnover_cents=turnover)
