"""French VAT of what is sold, pure and in whole cents (CGI art. 278-0 bis, 279 m and n; ADR 0034).

A rate follows from the VAT class, the service mode and the day. Everything charged is spread over the rates pro rata
by the largest remainder, and per receipt and rate net + VAT = gross exactly. Rates are basis points: 1000 is 10 %.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.money import share

BASE = 10_000
INTERMEDIATE, STANDARD = 1000, 2000  # 10 %, 20 %


class FeeTreatment(models.TextChoices):
    """How the delivery fee is taxed; usual practice differs: the group's accountant decides."""

    ACCESSORY = "accessory", _("as what is delivered, pro rata")
    TEN = "ten", _("at 10 %")
    TWENTY = "twenty", _("at 20 %")


class NoRate(RuleError):
    """No dated row covers this class, mode and day: nothing may be sold at a guessed rate."""

    def __init__(self, vat_class: str, mode: str, day: dt.date) -> None:
        super().__init__(
            _("No VAT rate is known for “%(vat_class)s”, “%(mode)s” on %(day)s.")
            % {"vat_class": vat_class, "mode": mode, "day": day.isoformat()}
        )


class TooMuchOff(RuleError):
    """A discount above what it is taken off: no line goes below zero."""

    def __init__(self) -> None:
        super().__init__(_("A discount is never above what it is taken off."))


@dataclass(frozen=True, slots=True)
class DatedRate:
    vat_class: str
    mode: str
    valid_from: dt.date
    basis_points: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The dated rows; a change of the law is one more, never an edit."""

    rows: tuple[DatedRate, ...]

    def of(self, vat_class: str, mode: str, day: dt.date) -> int:
        """In basis points. Raises NoRate."""
        found = [row for row in self.rows if (row.vat_class, row.mode) == (vat_class, mode) and row.valid_from <= day]
        if not found:
            raise NoRate(vat_class, mode, day)
        return max(found, key=lambda row: row.valid_from).basis_points


@dataclass(frozen=True, slots=True)
class Item:
    """A line to sell. `parts` are (VAT class, weight): one for a product; for a combo its parts and their prices
    à la carte in that mode."""

    label: str
    quantity: int
    unit_cents: int
    parts: tuple[tuple[str, int], ...]
    list_unit_cents: int | None = None  # that of the card, when a lower one was agreed


@dataclass(frozen=True, slots=True)
class Line:
    """A line sold: what is paid for it, by rate."""

    label: str
    quantity: int
    unit_cents: int
    list_unit_cents: int | None
    discount_cents: int
    parts: tuple[tuple[int, int], ...]  # (rate, cents), which sum to the line

    @property
    def total_cents(self) -> int:
        return sum(cents for _rate, cents in self.parts)


@dataclass(frozen=True, slots=True)
class RateTotal:
    rate: int
    net_cents: int
    vat_cents: int

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents


@dataclass(frozen=True, slots=True)
class Bill:
    """What a receipt says of its prices."""

    lines: tuple[Line, ...]
    totals: tuple[RateTotal, ...]  # by rate

    @property
    def total_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)


def split(cents: int, weights: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spreads a sum over (rate, weight), one share a rate, by rate. Equal weights when they are all zero."""
    merged: dict[int, int] = {}
    for rate, weight in weights:
        merged[rate] = merged.get(rate, 0) + weight
    rates = sorted(merged)
    shares = share(cents, [merged[rate] for rate in rates] if any(merged.values()) else [1] * len(rates))
    return tuple((rate, part) for rate, part in zip(rates, shares, strict=True) if part) or ((rates[0], 0),)


def spread_discount(totals: Sequence[int], discount_cents: int) -> list[int]:
    """What is taken off each line, pro rata; never more than the line. Raises TooMuchOff."""
    if not 0 <= discount_cents <= sum(totals):
        raise TooMuchOff
    return share(discount_cents, totals) if discount_cents else [0] * len(totals)


def net_of(gross_cents: int, rate: int) -> int:
    """Without the VAT, to the nearest cent, halves away from zero; of a refund it is that of the sale, negative."""
    sign, gross = (-1, -gross_cents) if gross_cents < 0 else (1, gross_cents)
    divisor = BASE + rate
    return sign * ((2 * gross * BASE + divisor) // (2 * divisor))


def totals(parts: Iterable[tuple[int, int]]) -> tuple[RateTotal, ...]:
    """Per rate over a whole receipt: rounded once, net + VAT = gross."""
    gross: dict[int, int] = {}
    for rate, cents in parts:
        gross[rate] = gross.get(rate, 0) + cents
    return tuple(
        RateTotal(rate, net_of(cents, rate), cents - net_of(cents, rate)) for rate, cents in sorted(gross.items())
    )


def difference(before: Mapping[int, int], after: Mapping[int, int]) -> tuple[RateTotal, ...]:
    """From one gross per rate to another, so that what is taken back and what was sold sum exactly, VAT included."""
    changed = [rate for rate in sorted(before.keys() | after.keys()) if before.get(rate, 0) != after.get(rate, 0)]
    found = []
    for rate in changed:
        old, new = before.get(rate, 0), after.get(rate, 0)
        net = net_of(new, rate) - net_of(old, rate)
        found.append(RateTotal(rate, net, new - old - net))
    return tuple(found)


def bill(
    *,
    items: Sequence[Item],
    rates: Rates,
    mode: str,
    day: dt.date,
    discount_cents: int = 0,
    fee_cents: int = 0,
    fee_label: str = "",
    fee: FeeTreatment = FeeTreatment.ACCESSORY,
) -> Bill:
    """The lines with their rates, the discount spread over them, then the delivery fee as a line of its own.

    Raises NoRate, TooMuchOff.
    """
    gross = [item.quantity * item.unit_cents for item in items]
    off = spread_discount(gross, discount_cents)
    lines = [
        Line(
            item.label,
            item.quantity,
            item.unit_cents,
            item.list_unit_cents,
            taken_off,
            split(cents - taken_off, [(rates.of(vat_class, mode, day), weight) for vat_class, weight in item.parts]),
        )
        for item, cents, taken_off in zip(items, gross, off, strict=True)
    ]
    if fee_cents:
        carried = [part for line in lines for part in line.parts]
        lines.append(Line(fee_label, 1, fee_cents, None, 0, split(fee_cents, _fee_weights(fee, carried))))
    return Bill(tuple(lines), totals(part for line in lines for part in line.parts))


def _fee_weights(fee: FeeTreatment, carried: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    if fee == FeeTreatment.ACCESSORY and carried:
        return carried
    return [(STANDARD if fee == FeeTreatment.TWENTY else INTERMEDIATE, 1)]
