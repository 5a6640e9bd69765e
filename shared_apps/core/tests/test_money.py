import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.core import money

CENTS = st.integers(min_value=-10_000_000_00, max_value=10_000_000_00)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=100_000), min_size=1, max_size=20).filter(any)


@pytest.mark.parametrize(
    ("cents", "written"),
    [
        (0, "0,00\u00a0€"),
        (5, "0,05\u00a0€"),
        (1250, "12,50\u00a0€"),
        (99_999, "999,99\u00a0€"),
        (100_000, "1\u202f000,00\u00a0€"),
        (123_456_789, "1\u202f234\u202f567,89\u00a0€"),
        (-1, "-0,01\u00a0€"),
        (-123_456, "-1\u202f234,56\u00a0€"),
    ],
)
def test_a_sum_is_written_as_french_typography_asks(cents, written):
    assert money.euros(cents) == written


@given(CENTS)
def test_a_written_sum_never_breaks_and_loses_no_cent(cents):
    written = money.euros(cents)
    assert " " not in written
    kept = [character for character in written if character.isdigit() or character == "-"]
    assert int("".join(kept)) == cents


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (1000, [1, 1, 1], [334, 333, 333]),
        (100, [50, 30, 20], [50, 30, 20]),
        (1, [1, 2], [0, 1]),  # the larger remainder takes the cent
        (5, [0, 1], [0, 5]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_a_sum_is_shared_pro_rata_and_the_largest_remainders_take_the_cents_left_over(cents, weights, parts):
    assert money.share(cents, weights) == parts


@given(CENTS, WEIGHTS)
def test_the_parts_of_a_shared_sum_add_up_to_the_cent(cents, weights):
    assert sum(money.share(cents, weights)) == cents


@given(CENTS, WEIGHTS)
def test_no_part_of_a_shared_sum_is_a_whole_cent_away_from_its_exact_share(cents, weights):
    for part, weight in zip(money.share(cents, weights), weights, strict=True):
        assert abs(part * sum(weights) - cents * weight) < sum(weights)


@given(st.integers(min_value=0, max_value=10_000_00), WEIGHTS)
def test_what_weighs_nothing_gets_nothing(cents, weights):
    parts = money.share(cents, weights)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@pytest.mark.parametrize("weights", [[], [0], [0, 0]])
def test_a_sum_cannot_be_shared_among_nothing(weights):
    with pytest.raises(ValueError, match="nothing to share among"):
        money.share(100, weights)
