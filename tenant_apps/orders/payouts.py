"""Our payments online against Stripe's payouts, line by line, for whoever reads the bank's statement (ADR 0041)."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared_apps.core.calendar import day_bounds
from shared_apps.core.money import decimal
from shared_apps.gateway import services as gateway
from shared_apps.gateway.stripe_api import PaidOut, Payout
from tenant_apps.payments.models import OnlinePayment, Refund
from tenant_apps.till.archive.tables import table
from tenants.hosts import Shop
from tenants.models import Domain

HEAD = (
    "virement", "arrive_le", "nature", "commande", "paiement", "montant_stripe", "frais", "net", "montant_caisse", "ecart",
)  # fmt: skip
KINDS = {"charge": "encaissement", "refund": "remboursement"}
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """What we have of the lines of some payouts, in cents."""

    taken: dict[str, tuple[int, int]] = field(default_factory=dict)  # PaymentIntent → order, cents
    given_back: dict[str, tuple[int, int]] = field(default_factory=dict)  # key of the refund → order, cents

    def of(self, line: PaidOut) -> tuple[int | None, int]:
        """The order and the cents, of the sign of the line; nothing for what we do not know."""
        if line.kind == "charge":
            return self.taken.get(line.intent_id, (None, 0))
        order, cents = self.given_back.get(line.metadata.get("refund", ""), (None, 0))
        return order, -cents


def journal(*, shop: Shop, starts_on: dt.date, ends_on: dt.date, now: dt.datetime) -> str:
    """A CSV: the lines of this shop in each payout that arrives between the days, their sum and the payout's, which is
    the bank's line; then what was taken in these days and is in none of them. Raises OnlinePaymentDown."""
    payouts = gateway.payouts(starts_on=starts_on, ends_on=ends_on, now=now)
    hosts = Domain.objects.filter(tenant=shop.id).values_list("domain", flat=True)
    slugs = {host.partition(".")[0] for host in hosts}  # those that it had too: Stripe keeps the one of then
    lines = {payout: [one for one in payout.lines if one.metadata.get("pizzeria") in slugs] for payout in payouts}
    ours = _ours([one for found in lines.values() for one in found])
    rows: list[Row] = []
    for payout, found in lines.items():
        rows += [_line(payout, one, ours) for one in found]
        rows += _sums(payout, found)
    return table(HEAD, [*rows, *_elsewhere(starts_on, ends_on, set(ours.taken))])


def _ours(lines: Iterable[PaidOut]) -> Ours:
    lines = list(lines)
    taken = OnlinePayment.objects.filter(intent_id__in=[one.intent_id for one in lines]).exclude(payment=None)
    names = [one.metadata.get("refund", "") for one in lines]
    refunds = Refund.objects.filter(pk__in=[int(name) for name in names if name.isdecimal()])
    known = refunds.exclude(state=Refund.State.FAILED).values_list("pk", "order_id", "amount_cents")
    return Ours(
        taken={
            str(intent): (order, cents)
            for intent, order, cents in taken.values_list("intent_id", "order_id", "payment__amount_cents")
        },
        given_back={str(key): (order, cents) for key, order, cents in known},
    )


def _line(payout: Payout, line: PaidOut, ours: Ours) -> Row:
    order, cents = ours.of(line)
    return (
        payout.payout_id, payout.arrives_on, KINDS[line.kind], order or line.metadata.get("order", ""), line.intent_id,
        decimal(line.amount_cents), decimal(line.fee_cents), decimal(line.amount_cents - line.fee_cents), decimal(cents),
        decimal(line.amount_cents - cents),
    )  # fmt: skip


def _sums(payout: Payout, lines: list[PaidOut]) -> Iterator[Row]:
    """The share of the shop, and the whole: one payout holds the sales of every pizzeria of the group."""
    amount, fees = sum(one.amount_cents for one in lines), sum(one.fee_cents for one in lines)
    start = (payout.payout_id, payout.arrives_on)
    yield (*start, "part de la pizzeria", "", "", decimal(amount), decimal(fees), decimal(amount - fees), "", "")
    yield (*start, "virement entier", "", "", "", "", decimal(payout.amount_cents), "", "")


def _elsewhere(starts_on: dt.date, ends_on: dt.date, paid_out: set[str]) -> Iterator[Row]:
    """Taken in these days, and in no payout of them: it comes in a later one, or came in one before."""
    (begins, _end), (_begin, ends) = day_bounds(starts_on), day_bounds(ends_on)
    found = OnlinePayment.objects.filter(payment__taken_at__gte=begins, payment__taken_at__lt=ends)
    for one in found.exclude(intent_id__in=paid_out).select_related("payment").order_by("payment__taken_at"):
        cents = one.payment.amount_cents if one.payment else 0
        words = "dans un autre virement" if one.payout_id else "pas encore versé"
        yield (one.payout_id, "", words, one.order_id, one.intent_id, "", "", "", decimal(cents), "")
