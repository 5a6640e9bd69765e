"""One line of an order as the counter types it: `2 reine grande / orientale -olives +oeuf`.

Quantity, pizza, size (its first letter is enough), another half, what to leave out, what to add. Beginnings of words are
enough as long as they fit one thing only. Pure: the card goes in, a configuration comes out.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.recipes import Card, Component, Configuration, Offer
from shared_apps.core.errors import RuleError

QUANTITY = re.compile(r"^(\d{1,2})\s*[x×*]?\s+")
PRICE = re.compile(r"\s+=\s*(\d{1,3})(?:[.,](\d{1,2}))?(?!\d)\s*€?(.*)$")
MARKS = re.compile(r"\s+(?=[+-])")
Thing = TypeVar("Thing")


class NotUnderstood(RuleError):
    """No product, size or ingredient fits what was typed, or several do."""


@dataclass(frozen=True, slots=True)
class Dictated:
    configuration: Configuration
    quantity: int
    price_cents: int | None = None  # agreed for one piece
    reason: str = ""


def read(text: str, card: Card) -> Dictated:
    """Raises NotUnderstood, in words that say what to type."""
    text, price_cents, reason = _price(text)
    head, *marks = MARKS.split(text.strip())
    match = QUANTITY.match(head)
    quantity = int(match[1]) if match else 1
    names = [name.strip() for name in head[match.end() if match else 0 :].split("/")]
    if not names[0] or len(names) > 2 or not quantity:
        raise NotUnderstood(_("Type for example: 2 reine grande / orientale -olives +oeuf"))
    names, size = _size(names, card)
    halves = [_offer(name, size, card) for name in names]
    whole = card.compose(Configuration(halves[0].variant_id, halves[1].variant_id if len(halves) == 2 else None))
    removable = [part for part in whole.components if part.removable]
    addable = [extra.component for extra in card.extras.get(halves[0].size_id or 0, {}).values()]
    return Dictated(
        Configuration(
            variant_id=halves[0].variant_id,
            other_half_id=halves[1].variant_id if len(halves) == 2 else None,
            removed=_ingredients(marks, "-", removable),
            extras=_ingredients(marks, "+", addable),
        ),
        quantity,
        price_cents,
        reason,
    )


def _price(text: str) -> tuple[str, int | None, str]:
    """`reine =9,50 geste commercial`: the price of each piece and why."""
    match = PRICE.search(text)
    if match is None:
        return text, None, ""
    if not match[3].strip():
        raise NotUnderstood(_("Say why: =9,50 and a few words."))
    return text[: match.start()], int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")), match[3].strip()[:120]


def plain(text: str) -> str:
    """Lower case without accents: what fingers type in a hurry."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe"))
    return re.sub(r"[^a-z0-9]+", " ", decomposed.encode("ascii", "ignore").decode()).strip()


def _size(names: list[str], card: Card) -> tuple[list[str], str]:
    """Takes the size off the end of either half; none is the first of the card."""
    sizes = list(dict.fromkeys(plain(offer.size_name) for offer in card.offers.values() if offer.size_name))
    for position, name in enumerate(names):
        *words, last = name.split()
        found = [size for size in sizes if words and plain(last) in (size, size[:1])]
        if found:
            names = [*names[:position], " ".join(words), *names[position + 1 :]]
            return names, found[0]
    return names, sizes[0] if sizes else ""


def _offer(name: str, size: str, card: Card) -> Offer:
    offers = [offer for offer in card.offers.values() if not offer.size_name or plain(offer.size_name) == size]
    return _the_one(name, [(offer.name, offer) for offer in offers if offer.published])


def _ingredients(marks: Iterable[str], sign: str, among: Iterable[Component]) -> frozenset[int]:
    named = [(name, part.choice_id) for part in among for name in part.names]
    return frozenset(_the_one(mark[1:], named) for mark in marks if mark.startswith(sign))


def _the_one(typed: str, named: list[tuple[str, Thing]]) -> Thing:
    wanted = plain(typed)
    exact = [thing for name, thing in named if plain(name) == wanted]
    if exact:
        return exact[0]
    close = [(name, thing) for name, thing in named if wanted and _begins(wanted.split(), plain(name).split())]
    if not close:
        raise NotUnderstood(_("Nothing here is called “%(typed)s”.") % {"typed": typed.strip()})
    if len({thing for _name, thing in close}) > 1:
        names = ", ".join(name for name, _thing in close[:5])
        raise NotUnderstood(_("“%(typed)s” may be: %(names)s.") % {"typed": typed.strip(), "names": names})
    return close[0][1]


def _begins(typed: list[str], name: list[str]) -> bool:
    """Each typed word begins a word of the name, in order."""
    rest = iter(name)
    return all(any(word.startswith(part) for word in rest) for part in typed)
