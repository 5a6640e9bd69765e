"""A substitution against those who order, cook and cancel at the same moment: one whole outcome each time."""

from collections import Counter
from decimal import Decimal

import pytest
from django.utils import timezone

from conftest import COOK, CUSTOMER, ask, check_invariants, place
from shared_apps.catalogue.models import Ingredient
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing, kitchen, substituting
from tenant_apps.orders.tests.test_races import together
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Reservation, StandIn, Substitution
from tenant_apps.stock.services import reservations
from tenant_apps.stock.services.stand_ins import RecipesChanged
from tenants.hosts import Shop

BUYERS = 10


def replace(shop: Shop) -> list[Order]:
    keys = dict(Ingredient.objects.filter(code__in=("basilic", "noix")).values_list("code", "pk"))
    return substituting.start(
        shop=shop,
        replaced_id=keys["basilic"],
        replacement_id=keys["noix"],
        ratio=Decimal(1),
        reason="Rupture",
        until_at=None,
        actor_id=None,
        now=timezone.now(),
    )


def still_on_the_old_recipe() -> int:
    return Reservation.objects.filter(ingredient__code="basilic").count()


def race_with_buyers(shop: Shop) -> Counter[str]:
    ShopSettings.objects.update(oven_places=400)
    place(shop, ask("margherita"))
    buy = lambda: place(shop, ask("margherita"))  # noqa: E731
    outcomes = together(shop, *[buy] * (BUYERS // 2), lambda: replace(shop), *[buy] * (BUYERS // 2))
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_no_order_is_taken_with_the_recipe_of_before(own_shop):
    outcomes = race_with_buyers(own_shop)
    assert outcomes["list"] == 1  # the substitution itself
    assert outcomes["Order"] + outcomes["RecipesChanged"] == BUYERS
    assert still_on_the_old_recipe() == 0
    assert all("nuts" in order.lines.get().allergens for order in Order.objects.all())
    check_invariants()


def place_while_it_begins(shop: Shop, monkeypatch) -> Order:
    """The substitution begins after the recipe was read, before the levels are locked."""
    reserve, begun = reservations.reserve, list[object]()

    def begin_first(**values: object) -> None:
        if not begun:
            begun.extend(together(shop, lambda: replace(shop)))
        reserve(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(reservations, "reserve", begin_first)
    return place(shop, ask("margherita"))


def test_an_order_that_read_the_recipe_of_before_is_refused(own_shop, monkeypatch):
    with pytest.raises(RecipesChanged):
        place_while_it_begins(own_shop, monkeypatch)
    assert not Order.objects.exists()
    assert "nuts" in place(own_shop, ask("margherita")).lines.get().allergens
    check_invariants()


def test_without_the_guard_it_would_be_taken_and_cooked_with_what_is_no_longer_used(own_shop, monkeypatch):
    monkeypatch.setattr(reservations, "SAME_RECIPES", "true")
    place_while_it_begins(own_shop, monkeypatch)
    assert still_on_the_old_recipe() == 1


def test_against_the_kitchen_and_a_cancellation_each_order_is_whole(own_shop):
    ShopSettings.objects.update(oven_places=400)
    orders = [place(own_shop, ask("margherita")) for _number in range(8)]
    now = timezone.now()

    def claim(order: Order):
        return lambda: kitchen.claim(shop=own_shop, order_id=order.pk, by=COOK, now=now)

    def cancel(order: Order):
        return lambda: changing.cancel(shop=own_shop, order_id=order.pk, by=CUSTOMER, now=now)

    acts = [*map(claim, orders[:4]), *map(cancel, orders[4:6]), lambda: replace(own_shop)]
    outcomes = together(own_shop, *acts)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Order": 6, "list": 1}
    for order in Order.objects.all():
        stands_in = StandIn.objects.filter(order=order).exists()
        if order.state != State.CANCELLED:
            assert stands_in == ("nuts" in order.lines.get().allergens)
        if order.state == State.ACCEPTED:
            assert stands_in
    check_invariants()


def test_begun_twice_at_once_it_is_begun_once_and_ended_twice_it_ends_once(own_shop):
    place(own_shop, ask("margherita"))
    outcomes = together(own_shop, *[lambda: replace(own_shop)] * 4)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"list": 1, "WrongSubstitution": 3}
    under_way = Substitution.objects.get()

    def end() -> list[Order]:
        return substituting.end(shop=own_shop, substitution_id=under_way.pk, actor_id=None, now=timezone.now())

    changed = together(own_shop, *[end] * 4)
    assert sorted(len(orders) for orders in changed) == [0, 0, 0, 1]  # type: ignore[arg-type]
    assert not StandIn.objects.exists()
    check_invariants()
