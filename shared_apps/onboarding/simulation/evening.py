"""A Friday as it will come: who orders what, when and how. The seed makes the same evening again.

Moments are fractions of the evening, from 0 to 1, so that it may be played in its four hours or in a few minutes.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

REAL_MINUTES = 240  # 18:00 to 22:00
LAST_ORDER = 0.8  # of the evening: the rest is for making and delivering what is promised
PEAK = 0.38
STREETS = (
    "rue Nationale",
    "rue de Béthune",
    "rue Faidherbe",
    "boulevard de la Liberté",
    "rue Solférino",
    "rue du Molinel",
)
FIRST_NAMES = ("Camille", "Louise", "Hugo", "Inès", "Nathan", "Zoé", "Malik", "Anaïs", "Jules", "Fatou", "Léo", "Chloé")
NAMES = ("Martin", "Lefebvre", "Dubois", "Haddad", "Nguyen", "Delcourt", "Moreau", "Vasseur", "Diallo", "Leroy")


class Channel(StrEnum):
    WEB = "web"
    PHONE = "phone"
    COUNTER = "counter"


class Turn(StrEnum):
    """What becomes of the order after it is placed."""

    KEEP = "keep"
    CHANGE = "change"
    CANCEL = "cancel"


class Card(StrEnum):
    """How a customer of the web pays: at the door, or with this card."""

    AT_THE_DOOR = ""
    ACCEPTED = "accepted"
    CHALLENGED = "challenged"
    REFUSED = "refused"  # first, then another that is accepted


@dataclass(frozen=True, slots=True)
class Piece:
    """One line, drawn among what the page offers when it is read: numbers from 0 to 1."""

    dish: float
    other_half: float | None
    extra: float | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Guest:
    at: float
    channel: Channel
    delivered: bool
    later: bool  # for a slot further on rather than as soon as possible
    pieces: tuple[Piece, ...]
    turn: Turn
    turn_after: float  # of the evening, after the order
    name: str
    phone: str
    street: str
    allergy: str
    card: Card


def guests(*, orders: int, seed: int) -> list[Guest]:
    """Everybody of the evening, the first to order first."""
    chance = random.Random(seed)  # noqa: S311  an evening to play, no secret
    return sorted((_guest(chance, number) for number in range(orders)), key=lambda guest: guest.at)


def _guest(chance: random.Random, number: int) -> Guest:
    channel = chance.choices(list(Channel), weights=(60, 25, 15))[0]
    delivered = channel != Channel.COUNTER and chance.random() < 0.6
    return Guest(
        at=LAST_ORDER * chance.triangular(0, 1, PEAK),
        channel=channel,
        delivered=delivered,
        later=chance.random() < 0.12,
        pieces=tuple(_piece(chance) for _line in range(chance.choices((1, 2, 3), weights=(35, 45, 20))[0])),
        turn=chance.choices(list(Turn), weights=(86, 8, 6))[0] if channel == Channel.WEB else Turn.KEEP,
        turn_after=chance.uniform(0, 0.02),
        name=f"{chance.choice(FIRST_NAMES)} {chance.choice(NAMES)}",
        phone=f"06{30_000_000 + number:08d}",
        street=f"{chance.randint(1, 120)} {chance.choice(STREETS)}",
        allergy="arachides" if chance.random() < 0.04 else "",
        card=chance.choices(list(Card), weights=(40, 42, 14, 4))[0],
    )


def _piece(chance: random.Random) -> Piece:
    return Piece(
        dish=chance.random(),
        other_half=chance.random() if chance.random() < 0.15 else None,
        extra=chance.random() if chance.random() < 0.15 else None,
        quantity=chance.choices((1, 2), weights=(85, 15))[0],
    )
