"""What suppliers are to bring and what they brought: levels, cost, history, once."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from conftest import check_invariants
from shared_apps.accounts.models import AuditEntry
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import PARIS
from tenant_apps.orders.tests.test_races import together
from tenant_apps.stock.models import Movement, Reception, StockLevel, Supplier
from tenant_apps.stock.services import opening, receptions, suppliers
from tenant_apps.stock.services.movements import Where, WrongQuantity
from tenant_apps.stock.services.receptions import InThePast, NoReason, NotOpen, Taken, average_cost
from tenant_apps.stock.services.suppliers import NameTaken, Sold, Terms

DAY = dt.timedelta(days=1)


def key(code: str) -> int:
    return Ingredient.objects.get(code=code).pk


def where(shop) -> Where:
    return Where(shop.id, shop.schema_name)


def draft(shop, now, moment=None, **quantities: int) -> Reception:
    supplier, _created = Supplier.objects.get_or_create(name="Crèmerie", defaults={"delivers_by": dt.time(10)})
    return receptions.plan(
        where=where(shop), supplier_id=supplier.pk, expected_at=moment or now + DAY,
        quantities={key(code): Decimal(quantity) for code, quantity in quantities.items()}, actor_id=None, now=now,
    )  # fmt: skip


def receive(shop, reception, now, **taken: Taken) -> Reception:
    lines = {key(code): what for code, what in taken.items()}
    return receptions.receive(where=where(shop), reception_id=reception.pk, taken=lines, actor_id=None, now=now)


def test_a_draft_counts_for_nothing_and_an_order_for_what_it_will_bring(shop):
    now = timezone.now()
    reception = draft(shop, now, mozzarella=5000)
    cheese = StockLevel.objects.get(pk=key("mozzarella"))
    assert cheese.expected == 0
    for _ in range(2):
        receptions.order(where=where(shop), reception_id=reception.pk, actor_id=None, now=now)
    cheese.refresh_from_db()
    assert (cheese.expected, cheese.on_hand) == (5000, 26000)
    receptions.cancel(where=where(shop), reception_id=reception.pk, actor_id=None, now=now)
    cheese.refresh_from_db()
    assert cheese.expected == 0
    with pytest.raises(NotOpen):
        receptions.order(where=where(shop), reception_id=reception.pk, actor_id=None, now=now)


def test_what_came_goes_to_the_stock_with_its_cost_and_what_did_not_says_why(shop):
    now = timezone.now()
    reception = draft(shop, now, mozzarella=5000, chorizo=1000)
    with pytest.raises(NoReason, match="Chorizo"):
        receive(shop, reception, now, mozzarella=Taken(Decimal(5000)))
    receive(
        shop, reception, now,
        mozzarella=Taken(Decimal(4000), fault="damaged", lot="L42", use_by=now.date(), price_cents=800),
        chorizo=Taken(Decimal(0), fault="too_warm"), basilic=Taken(Decimal(50), price_cents=2000),
    )  # fmt: skip
    levels = {level.ingredient.code: level for level in StockLevel.objects.select_related("ingredient")}
    assert (levels["mozzarella"].on_hand, levels["mozzarella"].average_cost) == (30000, 800)
    assert levels["chorizo"].on_hand == 5000
    assert levels["basilic"].on_hand == 650
    line = reception.lines.get(ingredient__code="mozzarella")
    assert (line.received, line.fault, line.lot) == (4000, "damaged", "L42")
    assert Movement.objects.filter(reason="reception").count() == 2
    entry = AuditEntry.objects.filter(act="reception").first()
    assert (entry.before["Mozzarella"], entry.after["Mozzarella"]) == ("5000.00", "4000.00")
    check_invariants()


def test_received_twice_at_once_it_is_received_once(own_shop):
    now = timezone.now()
    reception = draft(own_shop, now, mozzarella=5000)
    cheese = key("mozzarella")
    receptions.order(where=where(own_shop), reception_id=reception.pk, actor_id=None, now=now)

    def once() -> object:
        taken = {cheese: Taken(Decimal(5000))}
        return receptions.receive(where=where(own_shop), reception_id=reception.pk, taken=taken, actor_id=None, now=now)

    together(own_shop, *[once] * 6)
    level = StockLevel.objects.get(pk=cheese)
    assert (level.on_hand, level.expected) == (31000, 0)
    check_invariants()


def test_the_average_cost_is_weighted_by_what_is_there():
    def cost(on_hand, average, received, price_cents) -> Decimal | None:
        return average_cost(
            on_hand=Decimal(on_hand), average=average, received=Decimal(received), price_cents=price_cents
        )

    assert cost(0, None, 1000, 900) == 900
    assert cost(3000, Decimal(900), 1000, 1000) == 925
    assert cost(1000, Decimal(900), 2000, 1000) == Decimal("966.6667")
    assert cost(1000, Decimal(900), 2000, None) == 900  # free, or its price is not known yet
    assert cost(0, Decimal(900), 2000, 500) == 500


def test_a_reception_brings_something_at_a_moment_to_come(shop):
    now = timezone.now()
    with pytest.raises(WrongQuantity):
        draft(shop, now, mozzarella=0)
    with pytest.raises(WrongQuantity):
        draft(shop, now)
    with pytest.raises(InThePast):
        draft(shop, now, moment=now - DAY, mozzarella=1)


# --- Usual deliveries.


def terms(name: str = "Crèmerie", **changes: object) -> Terms:
    return Terms(**({"name": name, "delivers_by": dt.time(10), "weekdays": tuple(range(7))} | changes))  # type: ignore[arg-type]


def keep(shop, now, supplier=None, its=None, **sold: int) -> Supplier:
    items = {key(code): Sold(Decimal(1000), packs) for code, packs in sold.items()}
    return suppliers.keep(
        where=where(shop), supplier_id=supplier and supplier.pk, terms=its or terms(), items=items, days_ahead=3,
        actor_id=None, now=now,
    )  # fmt: skip


def noon() -> dt.datetime:
    return dt.datetime.combine(timezone.localdate() + DAY, dt.time(12), PARIS)


def usual() -> list[tuple[dt.date, int]]:
    rows = Reception.objects.filter(state="expected", usual_day__isnull=False).order_by("expected_at")
    return [(row.expected_at.astimezone(PARIS).date(), int(row.lines.get().expected)) for row in rows]


def test_the_usual_days_make_receptions_that_orders_count_on_and_a_day_more_each_day(shop):
    now = noon()
    keep(shop, now, mozzarella=3)
    today = now.date()
    assert usual() == [(today + n * DAY, 3000) for n in (1, 2, 3, 4)]
    assert StockLevel.objects.get(pk=key("mozzarella")).expected == 12000
    suppliers.plan_usual(where=where(shop), days_ahead=3, now=now)
    assert len(usual()) == 4
    suppliers.plan_usual(where=where(shop), days_ahead=3, now=now + DAY)
    assert len(usual()) == 5
    check_invariants()


def test_other_terms_change_what_is_to_come_but_not_what_somebody_changed_by_hand(shop):
    now = noon()
    supplier = keep(shop, now, mozzarella=3)
    first, second, *_others = Reception.objects.filter(usual_day__isnull=False).order_by("expected_at")
    receptions.cancel(where=where(shop), reception_id=second.pk, actor_id=None, now=now)
    receptions.change(
        where=where(shop), reception_id=first.pk, expected_at=first.expected_at,
        quantities={key("mozzarella"): Decimal(700)}, actor_id=_anybody(), now=now,
    )  # fmt: skip
    keep(shop, now, supplier, mozzarella=1)
    assert [quantity for _day, quantity in usual()] == [700, 1000, 1000]
    keep(shop, now, supplier, its=terms(weekdays=()), mozzarella=1)
    assert [quantity for _day, quantity in usual()] == [700]
    check_invariants()


def _anybody() -> int:
    return AuditEntry.objects.model._meta.get_field("actor").related_model.objects.first().pk


def test_an_order_takes_the_place_of_the_usual_delivery_of_its_day(shop):
    now = noon()
    supplier = keep(shop, now, mozzarella=3)
    tomorrow = Reception.objects.filter(supplier=supplier).order_by("expected_at").first()
    reception = draft(shop, now, moment=tomorrow.expected_at, mozzarella=9000)
    receptions.order(where=where(shop), reception_id=reception.pk, actor_id=None, now=now)
    tomorrow.refresh_from_db()
    assert tomorrow.state == "cancelled"
    assert StockLevel.objects.get(pk=key("mozzarella")).expected == 9000 + 3 * 3000
    check_invariants()


def test_an_ingredient_has_one_supplier_and_a_name_one_too(shop):
    now = noon()
    keep(shop, now, mozzarella=3)
    other = keep(shop, now, its=terms("Grossiste"), mozzarella=1)
    assert [item.supplier for item in other.items.all()] == [other]
    with pytest.raises(NameTaken):
        keep(shop, now, its=terms("Grossiste"))


def test_a_new_shop_counts_on_its_usual_merchant_and_on_its_own_dough(shop):
    opening.open_suppliers(where=where(shop), days_ahead=3, now=noon())
    dough = StockLevel.objects.get(ingredient__code="paton-classique")
    assert dough.expected == 4 * 70
    assert not StockLevel.objects.filter(expected=0).exists()
    check_invariants()
