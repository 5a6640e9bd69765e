"""An ingredient replaced by another for a time: every recipe, stock, ticket and letter follows at once, and goes back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import CONTACT, COOK, ask, check_invariants, place
from shared_apps.accounts.models import AuditEntry
from shared_apps.catalogue.models import Ingredient, ServiceMode
from shared_apps.messages.models import Message
from tenant_apps.orders import queries, tasks
from tenant_apps.orders.lifecycle import State
from tenant_apps.orders.models import Case, Order
from tenant_apps.orders.services import kitchen, stocktaking, substituting, telling
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.shop import queries as shop_queries
from tenant_apps.stock import queries as stock_queries
from tenant_apps.stock.models import Movement, Reservation, StandIn, StockLevel, Substitution
from tenant_apps.stock.services.stand_ins import RecipesChanged
from tenant_apps.stock.services.substitutions import WrongSubstitution
from tenants.hosts import Shop


def key(code: str) -> int:
    return Ingredient.objects.get(code=code).pk


def replace(shop: Shop, replaced: str, replacement: str, **changes: object) -> list[Order]:
    values: dict[str, object] = {
        "replaced_id": key(replaced),
        "replacement_id": key(replacement),
        "ratio": Decimal("1.5"),
        "reason": "Rupture du fournisseur",
        "until_at": None,
        "actor_id": None,
        "now": timezone.now(),
    }
    return substituting.start(shop=shop, **(values | changes))  # type: ignore[arg-type]


def end(shop: Shop) -> list[Order]:
    under_way = Substitution.objects.get(ended_at=None)
    return substituting.end(shop=shop, substitution_id=under_way.pk, actor_id=None, now=timezone.now())


def held(order: Order) -> dict[str, Decimal]:
    rows = Reservation.objects.filter(order=order)
    return dict(rows.values_list("ingredient__code", "quantity"))


def leave(shop: Shop, code: str, quantity: int) -> None:
    stocktaking.record(
        shop=shop,
        reason=Movement.Reason.COUNT,
        ingredient_id=key(code),
        quantity=Decimal(quantity),
        actor_id=None,
        now=timezone.now(),
    )


def nuts(order: Order) -> bool:
    return "nuts" in order.lines.get().allergens


def test_recipes_stock_and_feasible_count_follow_at_once(shop):
    before = stock_queries.feasible(at=timezone.now(), now=timezone.now())
    margherita = ask("margherita")
    leave(shop, "noix", 60)
    replace(shop, "basilic", "noix")
    assert (
        stock_queries.feasible(at=timezone.now(), now=timezone.now())[margherita.configuration.variant_id]
        == 10
        < before[margherita.configuration.variant_id]
    )
    blocked = {
        one.product: one.blocking for one in stock_queries.feasible_products(now=timezone.now()) if one.count == 10
    }
    assert blocked["Margherita"] == Ingredient.objects.get(code="noix").name
    card = shop_queries.whole_card()
    recipe = card.offers[margherita.configuration.variant_id]
    assert "nuts" in recipe.allergens
    order = place(shop, ask("margherita", 2))
    assert (held(order)["noix"], "basilic" in held(order)) == (Decimal(12), False)
    assert nuts(order)
    assert order.lines.get().replaced_names == ["Basilic frais → Cerneaux de noix"]
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert Movement.objects.get(order=order, ingredient__code="noix").delta == Decimal(-12)
    check_invariants()


def test_open_orders_follow_and_go_back(shop):
    order, other = place(shop, ask("margherita", 2)), place(shop, ask("tiramisu", size=None))
    assert replace(shop, "basilic", "noix") == [order]
    order.refresh_from_db()
    assert held(order)["noix"] == Decimal(12)
    assert StandIn.objects.get().replaced_quantity == Decimal(8)
    assert (order.must_be_acknowledged, nuts(order)) == (True, True)
    other.refresh_from_db()
    assert not other.must_be_acknowledged
    check_invariants()
    assert end(shop) == [order]
    assert held(order)["basilic"] == Decimal(8)
    assert "noix" not in held(order)
    assert not nuts(Order.objects.get(pk=order.pk))
    assert StockLevel.objects.get(ingredient__code="noix").reserved == 0
    assert not StandIn.objects.exists()
    check_invariants()


def test_an_order_that_awaits_its_payment_follows_and_goes_back_too(shop):
    """It will be made with what is there then, once it is paid: it must say so on the page where it is paid."""
    order = place(shop, ask("margherita", 2), pays_online=True)
    assert replace(shop, "basilic", "noix") == [order]
    order.refresh_from_db()
    assert order.state == State.AWAITING_PAYMENT
    assert nuts(order)
    assert held(order)["noix"] == Decimal(12)
    check_invariants()
    assert end(shop) == [order]
    assert not nuts(Order.objects.get(pk=order.pk))
    assert "noix" not in held(order)
    check_invariants()


def test_what_holds_both_ingredients_gives_back_only_what_stood_in(shop):
    order = place(shop, ask("quatre-fromages"))
    own = held(order)
    replace(shop, "gorgonzola", "mozzarella")
    assert held(order)["mozzarella"] == own["mozzarella"] + own["gorgonzola"] * Decimal("1.5")
    end(shop)
    assert held(order) == own
    check_invariants()


def test_an_order_taken_by_the_kitchen_keeps_what_is_in_it(shop):
    order = place(shop, ask("margherita"))
    replace(shop, "basilic", "noix")
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert end(shop) == []
    line = Order.objects.get(pk=order.pk).lines.get()
    assert "nuts" in line.allergens
    assert "nuts" in queries.composition_of(line).allergens
    assert "nuts" not in queries.composition_of(place(shop, ask("margherita")).lines.get()).allergens


def test_a_claim_undone_after_the_end_follows_the_recipe_of_then(shop):
    order = place(shop, ask("margherita"))
    replace(shop, "basilic", "noix")
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    end(shop)
    kitchen.undo_claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert held(order)["basilic"] == Decimal(4)
    assert "noix" not in held(order)
    assert not nuts(Order.objects.get(pk=order.pk))
    check_invariants()


def test_where_the_replacement_does_not_suffice_the_last_promised_become_cases(shop):
    orders = [place(shop, ask("margherita")) for _number in range(3)]
    leave(shop, "noix", 13)
    replace(shop, "basilic", "noix")
    case = Case.objects.get(closed_at=None)
    assert (case.kind, case.order_id, case.ingredient.code) == (Case.Kind.SHORTAGE, orders[-1].pk, "noix")
    check_invariants()
    end(shop)
    assert not Case.objects.filter(closed_at=None).exists()
    check_invariants()


def test_the_customer_hears_of_allergens_once_and_an_allergy_note_becomes_a_case(shop, monkeypatch):
    monkeypatch.setattr(telling, "async_task", lambda _path, *arguments: tasks.tell_customer(*arguments))
    noted = place(shop, ask("margherita"), wishes=Wishes(ServiceMode.COLLECTION, allergy_note="Fruits à coque"))
    plain = place(shop, ask("margherita"), contact=CONTACT)
    mail.outbox.clear()
    replace(shop, "basilic", "noix")
    assert {letter.to[0] for letter in mail.outbox} == {CONTACT.email}
    assert len(mail.outbox) == 2
    assert "fruits à coque" in mail.outbox[0].body
    assert "Basilic frais → Cerneaux de noix" in mail.outbox[0].body
    assert "allergènes ont changé" in mail.outbox[0].subject
    case = Case.objects.get(closed_at=None)
    assert (case.kind, case.order_id) == (Case.Kind.ALLERGY, noted.pk)
    order = Order.objects.get(pk=plain.pk)
    tasks.tell_customer(shop.id, order.pk, Message.Kind.ALLERGENS, order.version)
    assert len(mail.outbox) == 2
    end(shop)
    assert not Case.objects.filter(closed_at=None).exists()
    assert len(mail.outbox) == 4


def test_the_same_allergens_are_told_to_nobody(shop, monkeypatch):
    sent = []
    monkeypatch.setattr(telling, "async_task", lambda *arguments: sent.append(arguments))
    place(shop, ask("margherita"))
    sent.clear()
    replace(shop, "basilic", "roquette")
    assert [arguments for arguments in sent if "tell_customer" in arguments[0]] == []


def test_an_order_for_after_the_end_is_made_as_ever(shop):
    now = timezone.now()
    slots = list(shop_queries.offered_slots(now=now, work=0, shop=shop_queries.situation(now)))
    soon, later = slots[0].window.start, slots[30].window.start
    wanted = Wishes(ServiceMode.COLLECTION, starts_at=later)
    early = place(shop, ask("margherita"), wishes=wanted)
    assert replace(shop, "basilic", "noix", until_at=soon + dt.timedelta(hours=1)) == []
    assert not nuts(early)
    assert not nuts(place(shop, ask("margherita"), wishes=wanted))
    assert nuts(place(shop, ask("margherita")))
    check_invariants()


def test_an_order_for_tomorrow_follows_too(shop):
    now = timezone.now()
    offered = shop_queries.offered_slots(now=now, work=0, shop=shop_queries.situation(now))
    tomorrow = next(one for one in offered if one.window.start > now + dt.timedelta(hours=26)).window.start
    wanted = Wishes(ServiceMode.COLLECTION, starts_at=tomorrow)
    first = place(shop, ask("margherita"), wishes=wanted)
    assert replace(shop, "basilic", "noix") == [first]
    second = place(shop, ask("margherita"), wishes=wanted)
    assert held(first) == held(second)
    assert held(first)["noix"] == Decimal(6)
    check_invariants()
    end(shop)
    assert held(first) == held(second)
    assert held(first)["basilic"] == Decimal(4)
    check_invariants()


def test_its_time_over_it_ends_by_itself_once(shop):
    order = place(shop, ask("margherita"))
    now = timezone.now()
    replace(shop, "basilic", "noix", until_at=now + dt.timedelta(hours=2))
    assert shop_queries.whole_card(at=now + dt.timedelta(hours=3)).offers == shop_queries.group_card().offers
    Substitution.objects.update(until_at=now - dt.timedelta(minutes=1), started_at=now - dt.timedelta(hours=1))
    substituting.catch_up(shop=shop, now=now)
    tasks.end_substitution(shop.id, Substitution.objects.get().pk)
    assert Substitution.objects.get().ended_at == now
    assert held(order)["basilic"] == Decimal(4)
    check_invariants()


def test_nobody_orders_what_was_not_shown(shop):
    line = place(shop, ask("margherita")).lines.get()
    shown = ",".join([str(line.unit_price_cents), *line.allergens])
    replace(shop, "basilic", "noix")
    with pytest.raises(RecipesChanged):
        place(shop, ask("margherita"), shown=shown)
    place(shop, ask("margherita"), shown=f"{line.unit_price_cents},gluten,milk,nuts,{key('basilic')}")


def test_left_out_and_added_it_keeps_its_name_whatever_stands_for_it(shop):
    replace(shop, "basilic", "noix")
    without = place(shop, ask("margherita", removed=frozenset({key("basilic")})))
    assert not nuts(without)
    assert without.lines.get().without_names == ["Basilic frais", "Cerneaux de noix"]
    assert "noix" not in held(without)
    more = place(shop, ask("reine", extras=frozenset({key("basilic")})))
    assert nuts(more)
    assert more.lines.get().extra_names == ["Cerneaux de noix"]


def test_a_vegetarian_pizza_with_meat_in_it_is_none(shop):
    variant = ask("margherita").configuration.variant_id
    assert shop_queries.whole_card().offers[variant].vegetarian
    replace(shop, "basilic", "jambon-cru")
    assert not shop_queries.whole_card().offers[variant].vegetarian


@pytest.mark.parametrize(
    "wrong",
    [
        {"replacement_id": None},
        {"ratio": Decimal(0)},
        {"reason": "  "},
        {"until_at": timezone.now() - dt.timedelta(hours=1)},
    ],
)
def test_what_makes_no_sense_is_refused(shop, wrong):
    if "replacement_id" in wrong:
        wrong = {"replacement_id": key("basilic")}
    with pytest.raises(WrongSubstitution):
        replace(shop, "basilic", "noix", **wrong)
    assert not Substitution.objects.exists()


def test_no_chain_nor_twice_nor_what_is_not_declared(shop):
    replace(shop, "basilic", "roquette")
    for pair in (("basilic", "noix"), ("roquette", "noix"), ("noix", "basilic")):
        with pytest.raises(WrongSubstitution):
            replace(shop, *pair)
    with pytest.raises(WrongSubstitution):
        replace(shop, "origan", "curry", replacement_id=undeclared().pk)


def undeclared() -> Ingredient:
    with schema_context("public"):
        return Ingredient.objects.create(code="inconnu", name="Inconnu", unit="g", par_quantity=0)


def test_who_when_before_and_after_are_kept(shop):
    replace(shop, "basilic", "noix")
    end(shop)
    ended, begun = AuditEntry.objects.filter(act="substitution").order_by("-pk")
    assert (begun.subject, begun.before, begun.after["replacement"]) == ("Basilic frais", {}, "Cerneaux de noix")
    assert (ended.before["ratio"], ended.after) == ("1.5", {})
