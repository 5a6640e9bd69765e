"""Every move for every actor, against the table written out by hand."""

import itertools

import pytest

from tenant_apps.orders.lifecycle import MOVES, OPEN, PASSES, Actor, MoveRefused, State, Station, check, check_pass

KITCHEN, COUNTER = {Actor.COOK, Actor.MANAGER}, {Actor.COUNTER, Actor.MANAGER}
ROAD, ORDERS = {Actor.DRIVER, *COUNTER}, {Actor.CUSTOMER, *COUNTER}
ALLOWED = {
    (State.AWAITING_PAYMENT, State.ACCEPTED): {*ORDERS, Actor.SYSTEM},
    (State.AWAITING_PAYMENT, State.CANCELLED): {*ORDERS, Actor.SYSTEM},
    (State.ACCEPTED, State.PREPARING): KITCHEN,
    (State.PREPARING, State.ACCEPTED): KITCHEN,
    (State.PREPARING, State.READY): KITCHEN,
    (State.READY, State.PREPARING): KITCHEN,
    (State.READY, State.ON_THE_WAY): ROAD,
    (State.ON_THE_WAY, State.READY): ROAD,
    (State.READY, State.HANDED_OVER): COUNTER,
    (State.ON_THE_WAY, State.HANDED_OVER): ROAD,
    (State.ON_THE_WAY, State.FAILED): ROAD,
    (State.FAILED, State.READY): ROAD,
    (State.FAILED, State.HANDED_OVER): ROAD,
    (State.ACCEPTED, State.CANCELLED): ORDERS,
    (State.PREPARING, State.CANCELLED): {Actor.MANAGER},
    (State.READY, State.CANCELLED): {Actor.MANAGER},
    (State.ON_THE_WAY, State.CANCELLED): {Actor.MANAGER},
    (State.FAILED, State.CANCELLED): {Actor.MANAGER},
}


@pytest.mark.parametrize(("current", "target", "actor"), list(itertools.product(State, State, Actor)))
def test_a_move_is_allowed_exactly_where_the_table_says(current, target, actor):
    if actor in ALLOWED.get((current, target), set()):
        check(current=current, target=target, actor=actor)
    else:
        with pytest.raises(MoveRefused):
            check(current=current, target=target, actor=actor)


def test_what_is_over_never_moves_again():
    assert {current for current, _target in MOVES} == OPEN | {State.AWAITING_PAYMENT}


def test_nothing_goes_back_to_await_its_payment():
    assert State.AWAITING_PAYMENT not in {target for _current, target in MOVES}


NEIGHBOURS = {
    (Station.PREPARATION, Station.OVEN),
    (Station.OVEN, Station.PREPARATION),
    (Station.OVEN, Station.DISPATCH),
    (Station.DISPATCH, Station.OVEN),
}


@pytest.mark.parametrize(("current", "target", "actor"), list(itertools.product(Station, Station, Actor)))
def test_a_line_passes_between_neighbouring_stations_by_the_kitchen_alone(current, target, actor):
    if (current, target) in NEIGHBOURS and actor in KITCHEN:
        check_pass(current=current, target=target, actor=actor)
    else:
        with pytest.raises(MoveRefused):
            check_pass(current=current, target=target, actor=actor)


def test_the_table_of_stations_is_no_larger():
    assert set(PASSES) == NEIGHBOURS
