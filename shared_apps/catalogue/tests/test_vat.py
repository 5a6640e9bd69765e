"""To the cent, whatever is sold, taken off, and delivered."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.catalogue import loading, queries, vat
from shared_apps.catalogue.models import ServiceMode, VatClass
from shared_apps.catalogue.vat import DatedRate, FeeTreatment, Item, Rates

DAY = dt.date(2026, 11, 25)
MODES = tuple(ServiceMode.values)
RATES = Rates(
    tuple(
        DatedRate(vat_class, mode, row["valid_from"], basis_points)
        for row in loading.read().rates
        for vat_class in VatClass.values
        for mode, basis_points in row[vat_class].items()
    )
)


@pytest.mark.parametrize(
    ("what", "vat_class", "mode", "rate"),
    [
        ("pizza livrée", "meal", "delivery", 1000),
        ("pizza emportée", "meal", "collection", 1000),
        ("boisson fermée sur place", "closed_soft_drink", "eat_in", 1000),
        ("boisson fermée livrée", "closed_soft_drink", "delivery", 550),
        ("boisson fermée emportée", "closed_soft_drink", "collection", 550),
        ("café emporté", "hot_drink", "collection", 1000),
        ("bière sur place", "alcohol", "eat_in", 2000),
        ("bière livrée", "alcohol", "delivery", 2000),
        ("bière emportée", "alcohol", "collection", 2000),
        ("bière sans alcool livrée", "closed_soft_drink", "delivery", 550),
    ],
)
def test_the_vectors_of_the_law(what, vat_class, mode, rate):
    assert RATES.of(vat_class, mode, DAY) == rate, what


def test_a_change_of_the_law_is_one_more_row_and_the_past_keeps_its_rate():
    later = Rates((*RATES.rows, DatedRate("meal", "delivery", dt.date(2027, 1, 1), 1200)))
    assert later.of("meal", "delivery", dt.date(2026, 12, 31)) == 1000
    assert later.of("meal", "delivery", dt.date(2027, 1, 1)) == 1200


def test_a_day_without_a_known_rate_sells_nothing():
    with pytest.raises(vat.NoRate):
        RATES.of("meal", "delivery", dt.date(2013, 12, 31))


def test_the_rates_of_the_database_are_those_of_the_file(db):
    assert sorted(queries.vat_rates().rows, key=str) == sorted(RATES.rows, key=str)


def test_a_combo_is_split_by_its_parts_a_la_carte():
    """A pizza at 11,00 €, a drink at 2,50 € and a beer at 3,50 €, sold together for 15,00 €."""
    combo = Item("Menu", 1, 1500, (("meal", 1100), ("closed_soft_drink", 250), ("alcohol", 350)))
    bill = vat.bill(items=[combo], rates=RATES, mode="collection", day=DAY)
    assert bill.lines[0].parts == ((550, 221), (1000, 970), (2000, 309))
    assert bill.total_cents == 1500


def test_a_discount_is_spread_and_the_fee_follows_what_is_delivered():
    items = [Item("Reine", 2, 1190, (("meal", 1),)), Item("Cola", 1, 250, (("closed_soft_drink", 1),))]
    bill = vat.bill(
        items=items, rates=RATES, mode="delivery", day=DAY, discount_cents=263, fee_cents=290, fee_label="Livraison"
    )
    assert [line.discount_cents for line in bill.lines] == [238, 25, 0]
    assert bill.lines[-1].parts == ((550, 28), (1000, 262))
    assert [(total.rate, total.gross_cents) for total in bill.totals] == [(550, 253), (1000, 2404)]
    assert bill.total_cents == 2380 + 250 - 263 + 290


@pytest.mark.parametrize(("fee", "rate"), [(FeeTreatment.TEN, 1000), (FeeTreatment.TWENTY, 2000)])
def test_the_fee_may_have_a_rate_of_its_own(fee, rate):
    items = [Item("Cola", 1, 250, (("closed_soft_drink", 1),))]
    bill = vat.bill(items=items, rates=RATES, mode="delivery", day=DAY, fee_cents=290, fee=fee)
    assert bill.lines[-1].parts == ((rate, 290),)


def test_a_discount_above_the_lines_is_refused():
    with pytest.raises(vat.TooMuchOff):
        vat.bill(
            items=[Item("Reine", 1, 1190, (("meal", 1),))], rates=RATES, mode="delivery", day=DAY, discount_cents=1191
        )


def test_an_order_given_away_has_no_vat():
    bill = vat.bill(items=[Item("Reine", 1, 0, (("meal", 1),))], rates=RATES, mode="delivery", day=DAY, fee_cents=290)
    assert bill.lines[-1].parts == ((1000, 290),)
    free = vat.bill(items=[Item("Reine", 1, 0, (("meal", 1),))], rates=RATES, mode="collection", day=DAY)
    assert (free.total_cents, [total.vat_cents for total in free.totals]) == (0, [0])


parts = st.lists(st.tuples(st.sampled_from(VatClass.values), st.integers(0, 4000)), min_size=1, max_size=4)
items = st.lists(
    st.builds(Item, st.just("x"), st.integers(1, 9), st.integers(0, 5000), parts.map(tuple)), min_size=1, max_size=8
)


@given(items, st.sampled_from(MODES), st.data(), st.integers(0, 900), st.sampled_from(FeeTreatment))
def test_every_bill_sums_to_the_cent(sold, mode, data, fee_cents, fee):
    gross = sum(item.quantity * item.unit_cents for item in sold)
    discount = data.draw(st.integers(0, gross))
    bill = vat.bill(items=sold, rates=RATES, mode=mode, day=DAY, discount_cents=discount, fee_cents=fee_cents, fee=fee)
    assert bill.total_cents == gross - discount + fee_cents
    assert sum(total.gross_cents for total in bill.totals) == bill.total_cents
    for line in bill.lines:
        assert all(cents >= 0 for _rate, cents in line.parts)
        assert line.total_cents == line.quantity * line.unit_cents - line.discount_cents >= 0
    for total in bill.totals:
        assert total.net_cents + total.vat_cents == total.gross_cents
        # To the nearest cent: never more than half a cent from the exact net.
        assert abs(total.net_cents * (10_000 + total.rate) - total.gross_cents * 10_000) * 2 <= 10_000 + total.rate


grosses = st.dictionaries(st.sampled_from([550, 1000, 2000]), st.integers(0, 50_000), min_size=1)


@given(grosses, st.lists(grosses, max_size=5))
def test_what_is_given_back_in_pieces_gives_back_the_vat_of_the_whole(sold, pieces):
    left, returned = dict(sold), []
    for piece in [*pieces, sold]:  # the last one gives back whatever is left
        after = {rate: gross - min(gross, piece.get(rate, 0)) for rate, gross in left.items()}
        returned += vat.difference(left, after)
        left = after
    assert not any(left.values())
    for total in vat.totals(sold.items()):
        back = [change for change in returned if change.rate == total.rate]
        assert sum(change.net_cents for change in back) == -total.net_cents
        assert sum(change.vat_cents for change in back) == -total.vat_cents
