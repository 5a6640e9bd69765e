"""What else a counter does on a Friday: makes again, blocks numbers, has paid in advance, hands over to another shop."""

import datetime as dt
import uuid

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, CUSTOMER, ask, place
from shared_apps.accounts.models import Role
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import Ingredient, ServiceMode
from tenant_apps.counter.tests.test_taking import HOME, orders, text_of
from tenant_apps.orders import pricing, queries
from tenant_apps.orders.models import BlockedNumber
from tenant_apps.orders.quoting import Asked
from tenant_apps.orders.services import blocking, changing, kitchen, refusals, stocktaking
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Movement

PHONE = "+33612345678"
CALL = {"phone": "06 12 34 56 78", "name": "Camille", "channel": "phone", "mode": "collection", "when": ""}
DELIVERED = CALL | {"mode": "delivery", "street": "3 rue Nationale", "postcode": "59000", "city": "Lille"}


@pytest.fixture
def counter(shop, make_staff, visit):
    return visit(shop, make_staff(Role.COUNTER, shop))


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


@pytest.fixture
def draft(counter):
    address = counter.post("/comptoir/prise/")["Location"]
    counter.post(f"{address}lignes/", {"line": "2 reine"})
    return address


# Refaire


def test_the_counter_makes_again_and_the_customer_is_told_on_the_page_of_the_order(shop, counter, visit, manager):
    order = place(shop, ask("reine", 2))
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
        line = order.lines.get().pk
    sent = {"reason": "burnt", "words": "=chute", f"line-{line}": "1", "submission": str(uuid.uuid4())}
    assert "Refaire" in text_of(counter.get(f"/comptoir/{order.pk}/"))
    there = counter.post(f"/comptoir/{order.pk}/refaire/", sent)["Location"]
    assert "REFAIT" in text_of(counter.get(there))
    assert "REFAIT" in text_of(counter.get("/comptoir/"))
    assert "refaisons votre commande" in text_of(visit(shop).get(f"/commande/{order.reference}/"))
    page = text_of(manager.get("/comptoir/refaits/"))
    assert "1 × Reine" in page
    assert "Brûlé" in page
    sheet = manager.get("/comptoir/refaits/?first=2020-01-01&last=2099-01-01&format=csv")
    assert sheet["Content-Type"].startswith("text/csv")
    assert "'=chute" in sheet.content.decode()  # never a formula


def test_a_remake_without_a_reason_is_refused(shop, counter):
    order = place(shop, ask("reine"))
    counter.post(f"/comptoir/{order.pk}/refaire/", {"submission": str(uuid.uuid4())})
    assert len(orders(shop)) == 1


# Blocked numbers


def block(shop, **changes):
    values = {"phone": PHONE, "reason": "trois faux ordres", "until_date": None, "user_id": None}
    with schema_context(shop.schema_name):
        return blocking.block(**(values | changes), now=timezone.now())


def test_a_blocked_number_is_refused_politely_and_the_counter_sees_why(shop, counter, draft):
    block(shop)
    with pytest.raises(blocking.NumberBlocked) as refusal:
        place(shop, ask("reine"))
    assert "faux" not in str(refusal.value)
    assert "trois faux ordres" in text_of(counter.get(f"{draft}client/", {"phone": "0612345678"}))
    assert counter.post(f"{draft}passer/", CALL).status_code == 422
    assert orders(shop) == []


def test_the_manager_lets_one_order_through(shop, manager):
    number = block(shop)
    for _ in range(2):  # a double tap is one pass
        manager.post(f"/comptoir/numeros-bloques/{number.pk}/laisser-passer/")
    place(shop, ask("reine"))
    with pytest.raises(blocking.NumberBlocked):
        place(shop, ask("reine"))


def test_a_pass_is_kept_when_the_order_is_refused_for_something_else(shop, manager):
    number = block(shop)
    manager.post(f"/comptoir/numeros-bloques/{number.pk}/laisser-passer/")
    with pytest.raises(refusals.OutOfZone):
        place(shop, ask("reine"), wishes=Wishes(ServiceMode.DELIVERY))
    place(shop, ask("reine"))


def test_a_number_is_blocked_listed_and_erased(shop, manager):
    assert manager.post("/comptoir/numeros-bloques/", {"phone": "06 12", "reason": ""}).status_code == 422
    manager.post("/comptoir/numeros-bloques/", {"phone": "06 12 34 56 78", "reason": "insultes"})
    page = text_of(manager.get("/comptoir/numeros-bloques/"))
    assert "06 12 34 56 78" in page
    assert "insultes" in page
    with schema_context(shop.schema_name):
        number = BlockedNumber.objects.get()
    manager.post(f"/comptoir/numeros-bloques/{number.pk}/debloquer/")
    with schema_context(shop.schema_name):
        assert not BlockedNumber.objects.exists()


def test_a_block_ends_with_its_last_day_and_is_then_forgotten(shop):
    today = timezone.localdate()
    block(shop, until_date=today)
    with pytest.raises(blocking.NumberBlocked):
        place(shop, ask("reine"))
    block(shop, until_date=today - dt.timedelta(days=1))
    place(shop, ask("reine"))
    blocking.forget_expired(now=timezone.now())
    assert not BlockedNumber.objects.exists()


# Paid in advance


@pytest.fixture
def prepaid(shop):
    ShopSettings.objects.update(prepaid_above_cents=2000)


def test_a_delivery_above_the_sum_is_paid_at_the_counter_in_the_same_act(shop, prepaid, counter, draft):
    refused = counter.post(f"{draft}passer/", DELIVERED)
    assert refused.status_code == 422
    assert "se paie à la commande" in text_of(refused)
    on_the_phone = counter.post(f"{draft}passer/", DELIVERED | {"paid_by": "cash"})
    assert on_the_phone.status_code == 422
    paying = DELIVERED | {"channel": "counter", "paid_by": "card_terminal"}
    for _ in range(2):  # a double tap
        assert counter.post(f"{draft}passer/", paying).status_code == 302
    (order,) = orders(shop)
    with schema_context(shop.schema_name):
        payment = Payment.objects.get()
        assert (payment.amount_cents, payment.means) == (order.total_cents, "card_terminal")
        from_the_web = Contact(**{name: getattr(HOME, name) for name in HOME.__dataclass_fields__})
        with pytest.raises(refusals.MustBePrepaid):
            place(shop, ask("reine", 2), wishes=Wishes(ServiceMode.DELIVERY), contact=from_the_web)
        place(shop, ask("reine", 2))  # to collect: paid there


def test_a_change_does_not_go_round_it(shop, prepaid):
    order = place(
        shop, ask("margherita", 1), ask("margherita", 1, size="classique"), wishes=Wishes(ServiceMode.COLLECTION)
    )
    ShopSettings.objects.update(delivery_minimum_cents=0)
    order = place(shop, ask("margherita"), wishes=Wishes(ServiceMode.DELIVERY), contact=HOME)
    with pytest.raises(refusals.MustBePrepaid):
        changing.change(shop=shop, order_id=order.pk, lines=[ask("reine", 3)], by=COUNTER, now=timezone.now())


def test_who_did_not_come_last_time_is_known(shop, counter, draft):
    order = place(shop, ask("reine"))
    counter.post(f"/comptoir/{order.pk}/annuler/", {"not_collected": "1"})
    assert "pas été retirée" in text_of(counter.get(f"{draft}client/", {"phone": "0612345678"}))
    place(shop, ask("reine"))
    with schema_context(shop.schema_name):
        assert not queries.caller(PHONE).not_collected


# The address, and another shop


def test_the_zone_is_said_while_the_address_is_typed(counter, draft):
    near = text_of(counter.get(f"{draft}zone/", DELIVERED))
    assert "Livrable : 2,90 €" in near
    assert "Hors zone" in text_of(counter.get(f"{draft}zone/", DELIVERED | {"postcode": "69001", "city": "Lyon"}))
    assert "Livrable" not in text_of(counter.get(f"{draft}zone/", DELIVERED | {"postcode": "590"}))
    assert "Livrable" not in text_of(counter.get(f"{draft}zone/", CALL))


def empty(shop, code):
    with schema_context(shop.schema_name):
        stocktaking.record(
            shop=shop, reason=Movement.Reason.COUNT, ingredient_id=Ingredient.objects.get(code=code).pk,
            quantity=0, actor_id=None, now=timezone.now(),
        )  # fmt: skip


def test_another_shop_that_can_make_it_all_takes_the_order_over(shop, neighbour, counter, draft, make_staff, visit):
    empty(shop, "mozzarella")
    assert neighbour.name in text_of(counter.get(f"{draft}ailleurs/", DELIVERED))
    token = draft.rstrip("/").rpartition("/")[2]
    answer = counter.post(f"/comptoir/prise/{token}/confier/{neighbour.slug}/", DELIVERED)
    assert answer["Location"] == "/comptoir/"
    there = visit(neighbour, make_staff(Role.COUNTER, neighbour))
    assert f"Camille 06 12 34 56 78 · 2 articles · confiée par {shop.name}" in text_of(
        there.get("/comptoir/en-attente/")
    )
    page = text_of(there.get(draft))
    for words in ("06 12 34 56 78", "3 rue Nationale", "2 × Reine"):
        assert words in page
    assert there.post(f"{draft}passer/", DELIVERED).status_code == 302
    assert len(orders(neighbour)) == 1
    assert orders(shop) == []


def test_a_shop_short_of_it_or_too_far_is_not_proposed(neighbour, counter, draft):
    assert neighbour.name not in text_of(
        counter.get(f"{draft}ailleurs/", DELIVERED | {"postcode": "69001", "city": "Lyon"})
    )
    empty(neighbour, "mozzarella")
    assert neighbour.name not in text_of(counter.get(f"{draft}ailleurs/", DELIVERED))


# Two tabs of the same till


def test_a_page_that_no_longer_shows_what_is_ordered_says_what_changed(shop, counter, draft):
    shown = text_of(counter.get(draft)).split('name="seen" value="')[1].split('"')[0]
    counter.post(f"{draft}lignes/", {"line": "margherita"})  # in the other tab
    answer = counter.post(f"{draft}passer/", CALL | {"seen": shown})
    assert answer.status_code == 409
    assert "ajouté : 1 × Margherita" in text_of(answer)
    assert orders(shop) == []
    fresh = text_of(answer).split('name="seen" value="')[1].split('"')[0]
    assert counter.post(f"{draft}passer/", CALL | {"seen": fresh}).status_code == 302


def test_a_draft_given_up_in_another_tab_is_said_to_be_gone(counter, draft):
    counter.post(f"{draft}abandonner/")
    answer = counter.post(f"{draft}lignes/", {"line": "reine"})
    assert answer.status_code == 409
    assert "n’est plus en cours ici" in text_of(answer)


def test_what_was_typed_is_parked_with_the_order(counter, draft):
    counter.post(f"{draft}mettre-en-attente/", DELIVERED)
    assert "3 rue Nationale" in text_of(counter.get(draft))


# Sweeping


def test_drafts_end_with_the_day_and_baskets_after_30_days(shop):
    now = timezone.now()
    with schema_context("public"):
        for age, is_counter in ((2, True), (0, True), (31, False), (20, False)):
            basket = Basket.objects.create(pizzeria_id=shop.id, is_counter=is_counter, parked_as=f"{age}")
            Basket.objects.filter(pk=basket.pk).update(updated_at=now - dt.timedelta(days=age))
        baskets.sweep(now=now)
        left = Basket.objects.filter(pizzeria_id=shop.id).values_list("parked_as", flat=True)
        assert sorted(left) == ["0", "20"]


# Prices agreed with a reason


def test_a_price_agreed_while_taking_keeps_the_cards_and_is_said_to_the_customer(shop, counter, draft, visit):
    counter.post(f"{draft}lignes/", {"line": "margherita =8,50 geste commercial"})
    assert counter.post(f"{draft}passer/", CALL).status_code == 302
    (order,) = orders(shop)
    with schema_context(shop.schema_name):
        line = order.lines.get(label__startswith="Margherita")
        assert (line.unit_price_cents, line.list_price_cents, line.price_reason) == (850, 990, "geste commercial")
        assert line.price_by.email.startswith("counter")
        assert order.total_cents == 2 * 1190 + 850
    assert "au lieu de 9,90 € : geste commercial" in text_of(visit(shop).get(f"/commande/{order.reference}/"))
    call_command("check_invariants", shop.slug)
    with schema_context(shop.schema_name), pytest.raises(changing.MoveRefused):
        changing.change(shop=shop, order_id=order.pk, lines=[ask("reine")], by=CUSTOMER, now=timezone.now())


def test_beyond_the_limit_only_the_manager_agrees_to_a_price(shop, counter, draft, manager):
    with schema_context(shop.schema_name):
        ShopSettings.objects.update(discount_limit_percent=10, discount_limit_cents=300)
    address = draft
    counter.post(f"{address}lignes/", {"line": "margherita =5 erreur de notre part"})  # 4,90 € off 33,70 €
    refused = counter.post(f"{address}passer/", CALL)
    assert refused.status_code == 422
    assert "Au plus 3,37 €" in text_of(refused)
    assert orders(shop) == []
    line = Basket.objects.get(is_counter=True).lines.get(agreed_cents=500)
    counter.post(f"{address}lignes/{line.pk}/retirer/")
    manager.post(f"{address}lignes/", {"line": "margherita =5 erreur de notre part"})
    assert counter.post(f"{address}passer/", CALL).status_code == 302


@pytest.mark.parametrize("line", ["margherita =8,50", "margherita =8,50 €"])
def test_a_price_without_a_reason_is_not_taken(counter, draft, line):
    page = text_of(counter.post(f"{draft}lignes/", {"line": line}, HTTP_HX_REQUEST="true"))
    assert "Dites pourquoi" in page
    assert "Margherita" not in page


def test_a_price_above_the_cards_is_refused(shop, counter, draft):
    counter.post(f"{draft}lignes/", {"line": "margherita =12 pour voir"})
    assert counter.post(f"{draft}passer/", CALL).status_code == 422


def test_only_the_shop_agrees_to_a_price(shop):
    line = Asked(ask("reine").configuration, 1, baskets.AgreedPrice(100, "parce que", None, True))
    with pytest.raises(pricing.WrongPrice):
        place(shop, line)


def test_a_price_is_agreed_on_a_placed_order_until_the_kitchen_takes_it(shop, counter, manager):
    order = place(shop, ask("margherita", 2), ask("reine"))
    with schema_context(shop.schema_name):
        line = order.lines.get(quantity=2).pk
    sent = {"line": line, "price": "8,40", "reason": "retard"}
    assert counter.post(f"/comptoir/{order.pk}/prix/", sent).status_code == 302
    assert "au lieu de 19,80 € : retard" in text_of(counter.get(f"/comptoir/{order.pk}/"))
    too_much = counter.post(f"/comptoir/{order.pk}/prix/", sent | {"price": "2"})
    assert too_much.status_code == 409
    assert "le responsable" in text_of(too_much)
    assert counter.post(f"/comptoir/{order.pk}/prix/", sent | {"price": "12"}).status_code == 409
    assert manager.post(f"/comptoir/{order.pk}/prix/", sent | {"price": "2"}).status_code == 302
    call_command("check_invariants", shop.slug)
    with schema_context(shop.schema_name):
        order.refresh_from_db()
        assert order.total_cents == 2 * 200 + 1190
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert manager.post(f"/comptoir/{order.pk}/prix/", sent).status_code == 409


def test_a_price_never_falls_under_what_was_already_paid(shop, manager):
    order = place(shop, ask("reine"), paid=Tender(Payment.Means.CASH, uuid.uuid4()))
    with schema_context(shop.schema_name):
        line = order.lines.get().pk
    sent = {"line": line, "price": "8", "reason": "retard"}
    assert manager.post(f"/comptoir/{order.pk}/prix/", sent).status_code == 409
