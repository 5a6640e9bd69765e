"""One ingredient through time, as arithmetic, against counting it out moment by moment."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.stock.timeline import Need, Outlook, uncovered

START = dt.datetime(2026, 11, 27, 18, tzinfo=dt.UTC)


def at(hour: int) -> dt.datetime:
    return START + dt.timedelta(hours=hour)


hours, pieces = st.integers(0, 12), st.integers(1, 5).map(Decimal)
needs = st.lists(st.tuples(hours, pieces), max_size=8).map(
    lambda found: [Need(number, at(hour), quantity) for number, (hour, quantity) in enumerate(found)]
)
coming = st.lists(st.tuples(hours.map(at), pieces), max_size=4)


def balance(on_hand, held, receptions, moment) -> Decimal:
    came = sum(quantity for when, quantity in receptions if when <= moment)
    return on_hand + came - sum(need.quantity for need in held if need.needed_at <= moment)


@given(on_hand=st.integers(0, 8).map(Decimal), held=needs, receptions=coming)
def test_without_the_uncovered_orders_nothing_is_ever_missing(on_hand, held, receptions):
    short = uncovered(on_hand=on_hand, needs=held, coming=receptions)
    kept = [need for need in held if need.order_id not in short]
    assert all(balance(on_hand, kept, receptions, at(hour)) >= 0 for hour in range(13))
    if all(balance(on_hand, held, receptions, at(hour)) >= 0 for hour in range(13)):
        assert short == []


@given(on_hand=st.integers(0, 8).map(Decimal), held=needs, receptions=coming)
def test_an_uncovered_order_does_not_fit_among_those_needed_before_it(on_hand, held, receptions):
    short = set(uncovered(on_hand=on_hand, needs=held, coming=receptions))
    for need in held:
        if need.order_id in short:
            before = [
                other
                for other in held
                if other.order_id not in short and (other.needed_at, other.order_id) < (need.needed_at, need.order_id)
            ]
            assert balance(on_hand, [*before, need], receptions, need.needed_at) < 0


@given(on_hand=st.integers(0, 8).map(Decimal), held=needs, receptions=coming, hour=hours)
def test_what_is_free_at_a_moment_is_the_most_that_leaves_nothing_missing_after_it(on_hand, held, receptions, hour):
    moments = sorted({at(0), *(need.needed_at for need in held), *(when for when, _quantity in receptions)})
    outlook = Outlook({1: [(moment, balance(on_hand, held, receptions, moment)) for moment in moments]})
    free = outlook.free(1, at(hour))
    lowest = min(balance(on_hand, held, receptions, at(later)) for later in range(hour, 13))
    assert free == max(0, lowest)
    first = outlook.from_when({1: Decimal(3)})
    possible = [moment for moment in moments if outlook.free(1, moment) >= 3]
    assert first == (possible[0] if possible else None)
