"""An ingredient through time: what is on hand, what comes, what orders take. Pure, without a database (ADR 0027).

Something needed at a moment may use what was received until then, and nothing that orders needed later were promised
unless a reception replaces it before them: what is left must never fall below zero at any later moment.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Need:
    """What an open order takes of one ingredient, and when."""

    order_id: int
    needed_at: dt.datetime
    quantity: Decimal


Coming = Sequence[tuple[dt.datetime, Decimal]]  # moment at the latest, quantity


def uncovered(*, on_hand: Decimal, needs: Iterable[Need], coming: Coming) -> list[int]:
    """The orders for which not enough is left, at their moment, after those needed before them."""
    short: list[int] = []
    taken = ZERO
    for need in sorted(needs, key=lambda need: (need.needed_at, need.order_id)):
        there = on_hand + sum((quantity for at, quantity in coming if at <= need.needed_at), ZERO)
        if taken + need.quantity > there:
            short.append(need.order_id)
        else:
            taken += need.quantity
    return short


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may still be promised of some ingredients, moment by moment.

    `left` gives each ingredient's balance from the moments when it changes, soonest first. What may be promised at a
    moment is the lowest balance from it on, so that it never falls with time: what cannot be made now can be made from
    one moment on, or not at all with the receptions known.
    """

    left: Mapping[int, Sequence[tuple[dt.datetime, Decimal]]]

    def free(self, ingredient_id: int, at: dt.datetime) -> Decimal:
        balances = self.left.get(ingredient_id, ())
        before = [balance for moment, balance in balances if moment <= at]
        after = [balance for moment, balance in balances if moment > at]
        return max(ZERO, min([*before[-1:], *after], default=ZERO))

    def free_at(self, at: dt.datetime) -> dict[int, Decimal]:
        return {key: self.free(key, at) for key in self.left}

    def from_when(self, needs: Mapping[int, Decimal]) -> dt.datetime | None:
        """The first moment from which all of it can be promised."""
        moments = sorted({moment for key in needs for moment, _balance in self.left.get(key, ())})
        return next((at for at in moments if all(self.free(key, at) >= need for key, need in needs.items())), None)
