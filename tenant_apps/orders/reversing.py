"""What pieces of a placed order are worth when they are paid back: pure arithmetic over its lines, to the cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared_apps.catalogue import vat
from tenant_apps.orders.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class Reversible:
    """A line with what of it was paid, in cents, and how many of its pieces were paid back already."""

    line: OrderLine
    paid_cents: int  # its price less its part of the order's discount
    reversed_pieces: int

    @property
    def pieces_left(self) -> int:
        return self.line.quantity - self.reversed_pieces

    @property
    def piece_cents(self) -> int:
        """What the next piece gives back."""
        return self.worth(1) if self.pieces_left else 0

    @property
    def is_cooked(self) -> bool:
        """Made by the kitchen: it never goes back in stock."""
        return self.line.variant.work > 0

    def worth(self, pieces: int) -> int:
        """Of that many more: the parts of a line sum to what was paid for it, whatever the order of the returns."""
        before = self.paid_cents * self.reversed_pieces // self.line.quantity
        return self.paid_cents * (self.reversed_pieces + pieces) // self.line.quantity - before


def reversible(*, order: Order, lines: Sequence[OrderLine], reversed_pieces: Mapping[int, int]) -> list[Reversible]:
    totals = [line.total_cents for line in lines]
    off = vat.spread_discount(totals, order.discount_cents)  # as the receipt does, to the same cent
    return [
        Reversible(line, cents - less, reversed_pieces.get(line.pk, 0))
        for line, cents, less in zip(lines, totals, off, strict=True)
    ]
