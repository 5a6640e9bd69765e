"""The moves an order may make and who may make them: one pure table, no database.

The tracker a customer sees advances only by these moves, each a real act of somebody, never by a timer.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError


class State(models.TextChoices):
    AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
    ACCEPTED = "accepted", _("Accepted")
    PREPARING = "preparing", _("In preparation")
    READY = "ready", _("Ready")
    ON_THE_WAY = "on_the_way", _("On its way")
    FAILED = "failed", _("Not delivered")  # nobody took it at the door: somebody decides what follows
    HANDED_OVER = "handed_over", _("Handed over")
    CANCELLED = "cancelled", _("Cancelled")


class Actor(models.TextChoices):
    """In what capacity somebody acts on an order; those of the staff carry the names of their roles."""

    CUSTOMER = "customer", _("Customer")
    COUNTER = "counter", _("Counter")
    COOK = "cook", _("Pizzaiolo")
    DRIVER = "driver", _("Driver")
    MANAGER = "manager", _("Manager")
    SYSTEM = "system", _("System")  # what a payment online decides: it came, or it did not


# The shop works on it. One that awaits its payment holds its time and its ingredients, and is on no board.
OPEN = frozenset({State.ACCEPTED, State.PREPARING, State.READY, State.ON_THE_WAY, State.FAILED})

_KITCHEN = frozenset({Actor.COOK, Actor.MANAGER})
_COUNTER = frozenset({Actor.COUNTER, Actor.MANAGER})
_ROAD = frozenset({Actor.DRIVER, Actor.COUNTER, Actor.MANAGER})
_ANYONE_WHO_ORDERS = frozenset({Actor.CUSTOMER, Actor.COUNTER, Actor.MANAGER})

MOVES: dict[tuple[State, State], frozenset[Actor]] = {
    # Its payment is authorised; or it is to be paid otherwise, by whoever may decide that.
    (State.AWAITING_PAYMENT, State.ACCEPTED): _ANYONE_WHO_ORDERS | {Actor.SYSTEM},
    (State.AWAITING_PAYMENT, State.CANCELLED): _ANYONE_WHO_ORDERS | {Actor.SYSTEM},
    (State.ACCEPTED, State.PREPARING): _KITCHEN,  # claim: stock is consumed, changes end
    (State.PREPARING, State.ACCEPTED): _KITCHEN,  # claim undone
    (State.PREPARING, State.READY): _KITCHEN,
    (State.READY, State.PREPARING): _KITCHEN,  # undone or recalled
    (State.READY, State.ON_THE_WAY): _ROAD,
    (State.ON_THE_WAY, State.READY): _ROAD,  # left by mistake, or brought back
    (State.READY, State.HANDED_OVER): _COUNTER,
    (State.ON_THE_WAY, State.HANDED_OVER): _ROAD,
    (State.ON_THE_WAY, State.FAILED): _ROAD,
    (State.FAILED, State.READY): _ROAD,  # brought back, to be delivered again
    (State.FAILED, State.HANDED_OVER): _ROAD,  # collected after all, or made again and delivered
    (State.ACCEPTED, State.CANCELLED): _ANYONE_WHO_ORDERS,
    (State.PREPARING, State.CANCELLED): frozenset({Actor.MANAGER}),
    (State.READY, State.CANCELLED): frozenset({Actor.MANAGER}),
    (State.ON_THE_WAY, State.CANCELLED): frozenset({Actor.MANAGER}),
    (State.FAILED, State.CANCELLED): frozenset({Actor.MANAGER}),  # refunded or lost
}


class Station(models.TextChoices):
    """Where a line is while its order is in preparation, in a kitchen that works in stations (a setting of the shop)."""

    PREPARATION = "preparation", _("Preparation")
    OVEN = "oven", _("Oven")
    DISPATCH = "dispatch", _("Dispatch")


PASSES: dict[tuple[Station, Station], frozenset[Actor]] = {
    (Station.PREPARATION, Station.OVEN): _KITCHEN,
    (Station.OVEN, Station.DISPATCH): _KITCHEN,
    (Station.OVEN, Station.PREPARATION): _KITCHEN,  # undone or recalled
    (Station.DISPATCH, Station.OVEN): _KITCHEN,
}
FOLLOWING = {Station.PREPARATION: Station.OVEN, Station.OVEN: Station.DISPATCH}


class MoveRefused(RuleError):
    """The order is no longer where this act starts from, or the act is not for this person."""


def check(*, current: State, target: State, actor: Actor) -> None:
    """Raises MoveRefused, in words a screen can show."""
    allowed = MOVES.get((current, target))
    if allowed is None:
        raise MoveRefused(_("This order is “%(state)s”: this can no longer be done.") % {"state": State(current).label})
    if actor not in allowed:
        raise MoveRefused(_("Only the shop can do this now: please call it."))


def check_pass(*, current: Station, target: Station, actor: Actor) -> None:
    """Raises MoveRefused: stations are not skipped, and are the kitchen's."""
    if actor not in PASSES.get((current, target), frozenset()):
        raise MoveRefused(_("From this station it does not go there."))
