"""Alcohol: sold where the shop says so, at its hours, to declared adults, and handed to nobody who does not show their age."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, CUSTOMER, MANAGER, ask, check_invariants, place
from shared_apps.accounts.models import Role
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import Product, ServiceMode
from shared_apps.catalogue.recipes import NotOnTheCard
from shared_apps.core.calendar import PARIS
from tenant_apps.delivery.services import handling
from tenant_apps.delivery.tests.doors import ready, send_out, tap
from tenant_apps.orders.lifecycle import MoveRefused, State
from tenant_apps.orders.models import Case, Order, RemakeReason
from tenant_apps.orders.services import alcohol, changing, kitchen, refunding, remaking, settlement
from tenant_apps.orders.services.alcohol import Age
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.refusals import AdultsOnly, NoAlcoholNow
from tenant_apps.orders.services.settlement import AgeNotChecked, Tender
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.payments.models import Payment, ReversalLine
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import StockLevel
from tenant_apps.till import queries as till

BEER = "biere-blonde-33cl"
ADULT = Wishes(mode=ServiceMode.COLLECTION, is_adult=True)
Alcohol, Means = Order.Alcohol, Payment.Means


@pytest.fixture
def bar(shop):
    """The shop sells the beer of the card, at any hour."""
    with schema_context("public"):
        Product.objects.filter(code=BEER).update(published=True)
    ShopSettings.objects.update(sells_alcohol=True, alcohol_from=dt.time(0), alcohol_until=dt.time.max)
    return shop


def beer(quantity: int = 1):
    return ask(BEER, quantity, size=None)


def left() -> int:
    return int(StockLevel.objects.get(ingredient__code=BEER).on_hand)


def made(bar, *lines, **changes) -> Order:
    order, now = place(bar, *(lines or (ask("reine"), beer(2))), wishes=ADULT, **changes), timezone.now()
    kitchen.claim(shop=bar, order_id=order.pk, by=COOK, now=now)
    kitchen.mark_ready(shop=bar, order_id=order.pk, by=COOK, now=now)
    return Order.objects.get(pk=order.pk)


def cash() -> Tender:
    return Tender(Means.CASH, uuid.uuid4())


def hand_over(bar, order, age=None, tender=None):
    now = timezone.now()
    return handling.hand_over(shop=bar, order_id=order.pk, by=COUNTER, now=now, tender=tender or cash(), age=age)


def refuse(bar, order, by=COUNTER):
    return alcohol.refuse(shop=bar, order_id=order.pk, by=by, now=timezone.now())


def test_a_shop_sells_none_until_its_manager_says_so(shop):
    with schema_context("public"):
        Product.objects.filter(code=BEER).update(published=True)
    assert BEER not in {offer.code for offer in shop_queries.whole_card().offers.values()}
    with pytest.raises(NotOnTheCard):
        place(shop, ask("reine"), beer(), wishes=ADULT)


def test_the_card_has_it_then(bar):
    assert BEER in {offer.code for offer in shop_queries.whole_card().offers.values()}


def test_nobody_orders_it_without_saying_that_they_are_of_age(bar):
    with pytest.raises(AdultsOnly):
        place(bar, ask("reine"), beer())
    assert place(bar, ask("reine")).alcohol == Alcohol.NONE
    order = place(bar, ask("reine"), beer(), wishes=ADULT)
    assert (order.alcohol, order.adult_declared) == (Alcohol.TO_CHECK, True)


def paris(hour: int, minute: int = 0) -> dt.datetime:
    tomorrow = timezone.now().astimezone(PARIS) + dt.timedelta(days=1)
    return tomorrow.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("now", "wanted", "sold"),
    [
        ((8, 0), (12, 0), True),
        ((7, 59), (12, 0), False),
        ((20, 0), (21, 45), True),
        ((20, 0), (22, 0), False),
        ((22, 0), (22, 45), False),
    ],
)
def test_it_is_sold_and_handed_over_within_its_hours(bar, now, wanted, sold):
    ShopSettings.objects.update(alcohol_from=dt.time(8), alcohol_until=dt.time(22))
    wishes = Wishes(mode=ServiceMode.COLLECTION, starts_at=paris(*wanted), is_adult=True)
    if sold:
        assert place(bar, ask("reine"), beer(), wishes=wishes, now=paris(*now)).alcohol == Alcohol.TO_CHECK
        return
    with pytest.raises(NoAlcoholNow, match="de 8\u00a0h\u00a000 à 22\u00a0h\u00a000"):
        place(bar, ask("reine"), beer(), wishes=wishes, now=paris(*now))
    place(bar, ask("reine"), wishes=wishes, now=paris(*now))


def test_it_is_not_handed_over_before_an_identity_document_is_seen(bar):
    order = made(bar)
    with pytest.raises(AgeNotChecked):
        hand_over(bar, order)
    assert not Payment.objects.exists()
    assert hand_over(bar, order, Age.SEEN).alcohol == Alcohol.CHECKED
    check_invariants()


def test_the_database_is_the_last_guard(bar):
    order = made(bar)
    with pytest.raises(IntegrityError, match="alcohol_is_handed_over_to_checked_adults"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(state=State.HANDED_OVER)
    with pytest.raises(IntegrityError, match="alcohol_is_ordered_by_declared_adults"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(adult_declared=False)


def test_refused_it_is_in_stock_again_and_the_rest_is_paid_and_handed_over(bar):
    before = left()
    order = made(bar)
    assert left() == before - 2
    total = order.total_cents
    order = hand_over(bar, order, Age.REFUSED)
    assert (order.state, order.alcohol) == (State.HANDED_OVER, Alcohol.REFUSED)
    assert left() == before
    assert order.total_cents == total - 2 * 390
    assert Payment.objects.get().amount_cents == order.total_cents
    assert [line.label for line in order.lines.all()] == ["Reine · Classique"]
    assert order.events.get(reason="alcohol_refused").detail["refused"] == ["2 × Bière blonde du Nord"]
    check_invariants()


def test_refused_after_it_was_paid_its_price_is_a_case_and_the_receipt_is_corrected(bar):
    order = made(bar)
    settlement.take_payment(shop=bar, order_id=order.pk, tender=cash(), by=COUNTER, now=timezone.now())
    order = hand_over(bar, order, Age.REFUSED)
    case = Case.objects.get(order=order, kind=Case.Kind.MONEY_BACK)
    assert case.closed_at is None
    assert settlement.due_cents(order) == -2 * 390
    refunding.give_back(
        shop=bar, order_id=order.pk, reason="Alcool refusé", submission=uuid.uuid4(), by=COUNTER, now=timezone.now()
    )
    assert till.standing(order_number=order.pk).taken_cents - order.total_cents == 0
    check_invariants()


def test_refusing_twice_is_refusing_once(bar):
    order, before = made(bar), left()
    refuse(bar, order)
    refuse(bar, order)
    assert left() == before + 2
    assert order.events.filter(reason="alcohol_refused").count() == 1


def test_nothing_but_alcohol_is_not_handed_over_at_all(bar):
    order = made(bar, beer())
    with pytest.raises(MoveRefused, match="que de l’alcool"):
        hand_over(bar, order, Age.REFUSED)


@pytest.mark.parametrize("by", [CUSTOMER, COOK])
def test_who_hands_nothing_over_refuses_nothing(bar, by):
    with pytest.raises(MoveRefused):
        refuse(bar, made(bar), by)


def test_it_is_not_refused_before_the_kitchen_has_made_the_rest(bar):
    with pytest.raises(MoveRefused):
        refuse(bar, place(bar, ask("reine"), beer(), wishes=ADULT))


def test_paid_back_by_the_line_there_is_no_age_left_to_check(bar):
    order = made(bar)
    settlement.take_payment(shop=bar, order_id=order.pk, tender=cash(), by=COUNTER, now=timezone.now())
    bottles = order.lines.get(label__startswith="Bière")
    for pieces, expected in ((1, Alcohol.TO_CHECK), (1, Alcohol.REFUSED)):
        lines = {bottles.pk: (pieces, ReversalLine.Fate.RETURNED)}
        refunding.refund(
            shop=bar, order_id=order.pk, returned=Returned("pas de pièce", lines=lines), submission=uuid.uuid4(),
            by=MANAGER, now=timezone.now(),
        )  # fmt: skip
        order.refresh_from_db()
        assert order.alcohol == expected
    assert hand_over(bar, order).state == State.HANDED_OVER
    check_invariants()


def test_a_change_that_adds_it_asks_the_age(bar):
    order = place(bar, ask("reine"))

    def change(**said):
        changing.change(
            shop=bar, order_id=order.pk, lines=[ask("reine"), beer()], by=CUSTOMER, now=timezone.now(), **said
        )
        order.refresh_from_db()

    with pytest.raises(AdultsOnly):
        change()
    change(is_adult=True)
    assert order.alcohol == Alcohol.TO_CHECK
    changing.change(shop=bar, order_id=order.pk, lines=[ask("reine")], by=CUSTOMER, now=timezone.now())
    order.refresh_from_db()
    assert order.alcohol == Alcohol.NONE


def test_what_is_made_again_asks_the_age_again(bar):
    order = made(bar)
    hand_over(bar, order, Age.SEEN)
    lines = {line.label: line.pk for line in order.lines.all()}

    def again(label: str) -> Order:
        return remaking.remake(
            shop=bar, order_id=order.pk, submission=uuid.uuid4(), quantities={lines[label]: 1},
            reason=RemakeReason.DAMAGED, words="", by=MANAGER, now=timezone.now(),
        )  # fmt: skip

    assert again("Bière blonde du Nord").alcohol == Alcohol.TO_CHECK
    assert again("Reine · Classique").alcohol == Alcohol.NONE


@pytest.mark.parametrize(("asked", "alcohol"), [(Age.SEEN, Alcohol.CHECKED), (Age.REFUSED, Alcohol.REFUSED)])
def test_at_the_door_the_driver_checks_or_keeps_it(bar, make_staff, asked, alcohol):
    driver, order = make_staff(Role.DRIVER, bar), ready(bar, 0, ask("reine"), beer())
    round_ = send_out(bar, driver, order)
    refused = tap(bar, driver, "delivered", round_, order, paid_by="cash")
    assert "pièce d’identité" in refused.refusal
    assert tap(bar, driver, "delivered", round_, order, paid_by="cash", age=asked).refusal == ""
    order.refresh_from_db()
    assert (order.state, order.alcohol) == (State.HANDED_OVER, alcohol)
    assert Payment.objects.get().amount_cents == order.total_cents
    check_invariants()


# The pages.


def basket_with(bar, visit, user=None):
    client = visit(bar, user)
    with schema_context("public"):
        beers = Product.objects.get(code=BEER).variants.get()
    client.post("/panier/ajouter/", {"variant": beers.pk})
    return client


FORM = {"when": "", "name": "Camille", "phone": "06 12 34 56 78", "email": "", "payment": "on_receipt"}


def test_the_checkout_asks_the_age_in_words(bar, visit):
    client = basket_with(bar, visit)
    page = client.get("/commander/a-emporter/").content.decode()
    assert "J’ai 18 ans ou plus" in page
    submission = Basket.objects.get().submission
    refused = client.post("/commander/a-emporter/", FORM | {"submission": submission})
    assert refused.status_code == 422
    assert "La vente d’alcool est réservée aux majeurs" in refused.content.decode()
    placed = client.post("/commander/a-emporter/", FORM | {"submission": submission, "is_adult": "on"})
    assert placed.status_code == 302
    with schema_context(bar.schema_name):
        assert Order.objects.get().adult_declared
    assert "pièce d’identité" in client.get(placed["Location"]).content.decode()


def test_without_alcohol_no_age_is_asked(bar, visit):
    client = visit(bar)
    with schema_context("public"):
        cola = Product.objects.get(code="cola-33cl").variants.get()
    client.post("/panier/ajouter/", {"variant": cola.pk})
    assert "18 ans" not in client.get("/commander/a-emporter/").content.decode()


def test_the_counter_hands_it_over_or_keeps_it(bar, visit, make_staff):
    client, order = visit(bar, make_staff(Role.COUNTER, bar)), made(bar)
    page = client.get(f"/comptoir/{order.pk}/").content.decode()
    assert 'name="asked_age"' in page
    sums = f"{(order.total_cents - 780) / 100:.2f}".replace(".", ",")
    assert f"Encaisser {sums}\xa0€ et remettre sans l’alcool" in page
    asked = {"means": "cash", "submission": uuid.uuid4(), "asked_age": "refused"}
    client.post(f"/comptoir/{order.pk}/remettre/", asked)
    with schema_context(bar.schema_name):
        order.refresh_from_db()
        assert (order.state, order.alcohol) == (State.HANDED_OVER, Alcohol.REFUSED)
    assert "L’alcool a été refusé" in client.get(f"/comptoir/{order.pk}/").content.decode()
