"""A double tap everywhere: the same form sent twice at the same moment, by threads, acts once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, ask, check_invariants, place
from shared_apps.accounts.models import AuditEntry, Membership, Role, User
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.catalogue.models import Ingredient, ServiceMode
from shared_apps.catalogue.recipes import Configuration
from tenant_apps.orders.models import Case, Order, OrderEvent
from tenant_apps.orders.services import kitchen
from tenant_apps.payments.models import Payment
from tenant_apps.shop.models import Closure, ShopSettings, TradingChange
from tenant_apps.stock.models import Movement, Substitution
from tenants.hosts import Shop

Form = tuple[str, dict[str, object]]


@pytest.fixture
def manager(own_shop) -> User:
    with schema_context("public"):
        user = User.objects.create_user(f"gerante@{own_shop.slug}.example", None, name="Alix")
        for role in (Role.MANAGER, Role.COUNTER, Role.COOK):
            Membership.objects.create(user=user, pizzeria_id=own_shop.id, role=role)
    return user


def client_of(shop: Shop, user: User | None = None) -> Client:
    client = Client(HTTP_HOST=f"{shop.slug}.{settings.BASE_DOMAIN}")
    if user:
        client.force_login(user)
    return client


def tap_twice(client: Client, form: Form) -> list[int]:
    """The statuses of both answers, sent from the same browser and released at once."""
    url, data = form
    barrier = threading.Barrier(2)

    def tap(cookies: dict[str, str]) -> int:
        try:
            twin = Client(HTTP_HOST=client.defaults["HTTP_HOST"])
            twin.cookies.load(cookies)
            connection.ensure_connection()
            barrier.wait(20)
            return twin.post(url, data).status_code
        finally:
            connection.close()

    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(tap, [cookies, cookies]))


def ready(shop: Shop, **changes: object) -> Order:
    order = place(shop, ask("margherita"), **changes)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    return kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())


def moves(order: Order, state: str) -> int:
    return OrderEvent.objects.filter(order=order, to_state=state).exclude(from_state=state).count()


# Each prepares the shop; gives the form to send, and what to count: one, however often it was sent.


def claim(shop):
    order = place(shop, ask("margherita"))
    consumed = Movement.objects.filter(order=order, ingredient__code="mozzarella")
    return (f"/cuisine/bons/{order.pk}/prendre/", {}), consumed.count


def undo_claim(shop):
    order = place(shop, ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    undone = Movement.objects.filter(order=order, ingredient__code="mozzarella", reason="undone")
    return (f"/cuisine/bons/{order.pk}/annuler-la-prise/", {}), undone.count


def mark_ready(shop):
    order = place(shop, ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    return (f"/cuisine/bons/{order.pk}/pret/", {}), lambda: moves(order, "ready")


def recall(shop):
    order = ready(shop)
    came_back = OrderEvent.objects.filter(order=order, reason="recall")
    return (f"/cuisine/bons/{order.pk}/rappeler/", {}), came_back.count


def ask_remake(shop):
    order = ready(shop)
    return (f"/cuisine/bons/{order.pk}/demander-a-refaire/", {}), Case.objects.filter(order=order).count


def cancel(shop):
    order = place(shop, ask("margherita"))
    return (f"/comptoir/{order.pk}/annuler/", {"reason": "erreur"}), lambda: moves(order, "cancelled")


def hand_over(shop):
    order = ready(shop)
    form = {"means": "cash", "submission": uuid.uuid4()}
    return (f"/comptoir/{order.pk}/remettre/", form), Payment.objects.filter(order=order).count


def take_payment(shop):
    order = place(shop, ask("margherita"))
    form = {"means": "cash", "amount": "5,00", "submission": uuid.uuid4()}
    return (f"/comptoir/{order.pk}/encaisser/", form), Payment.objects.filter(order=order).count


def remake(shop):
    order = ready(shop)
    form = {f"line-{order.lines.get().pk}": "1", "reason": "burnt", "words": "", "submission": uuid.uuid4()}
    return (f"/comptoir/{order.pk}/refaire/", form), Order.objects.filter(remakes=order).count


def set_rush(shop):
    return ("/comptoir/coup-de-feu/minutes/", {"minutes": "10"}), TradingChange.objects.count


def waste(shop):
    basil = Ingredient.objects.get(code="basilic").pk
    form = {"reason": "waste", "waste_reason": "dropped", "quantity": "5", "note": "", "submission": uuid.uuid4()}
    return (f"/gestion/stock/{basil}/", form), Movement.objects.filter(ingredient_id=basil, reason="waste").count


def reception(shop):
    basil = Ingredient.objects.get(code="basilic").pk
    form = {"reason": "reception", "quantity": "50", "note": "", "submission": uuid.uuid4()}
    return (f"/gestion/stock/{basil}/", form), Movement.objects.filter(ingredient_id=basil, reason="reception").count


def start_substitution(shop):
    keys = dict(Ingredient.objects.filter(code__in=("basilic", "noix")).values_list("code", "pk"))
    form = {"replaced": keys["basilic"], "replacement": keys["noix"], "ratio": "1", "reason": "rupture"}
    return ("/gestion/stock/remplacements/remplacer/", form | {"confirmed": "1"}), Substitution.objects.count


def set_day(shop):
    day = timezone.localdate().replace(month=12, day=31).isoformat()
    return ("/gestion/reglages/horaires/jour/", {"day": day, "hours": "", "reason": "fermé"}), Closure.objects.count


def invite(shop):
    email = f"nora@{shop.slug}.example"
    form = {"name": "Nora", "email": email, "roles": ["cook"]}
    return ("/gestion/reglages/equipe/", form), User.objects.filter(email=email).count


def hours(shop):
    form = {f"day_{day}": "11:30-14:00 18:00-22:00" for day in range(7)}
    changed = AuditEntry.objects.filter(pizzeria_id=shop.id, act="hours")
    return ("/gestion/reglages/horaires/", form), changed.count


def offers(shop):
    variant = ask("margherita").configuration.variant_id
    changed = AuditEntry.objects.filter(pizzeria_id=shop.id, act="offer")
    return ("/gestion/reglages/carte/", {f"price-{variant}": "8,50"}), changed.count


def zone(shop):
    form = {"zone_kind": "radius", "delivery_radius_m": "4000", "delivery_fee_cents": "2,90"}
    changed = AuditEntry.objects.filter(pizzeria_id=shop.id, act="settings")
    return ("/gestion/reglages/zone/", form | {"delivery_minimum_cents": "15,00"}), changed.count


STAFF = [
    claim, undo_claim, mark_ready, recall, ask_remake, cancel, hand_over, take_payment, remake, set_rush, waste,
    reception, start_substitution, set_day, invite, hours, offers, zone,
]  # fmt: skip


@pytest.mark.parametrize("case", STAFF, ids=[case.__name__ for case in STAFF])
def test_the_staff_taps_twice(own_shop, manager, case):
    ShopSettings.objects.update(oven_places=400)
    form, count = case(own_shop)
    statuses = tap_twice(client_of(own_shop, manager), form)
    with schema_context(own_shop.schema_name):
        assert count() == 1
    assert set(statuses) <= {200, 302, 409, 422}, statuses
    assert 302 in statuses
    check_invariants()


def basket_of(shop: Shop, client: Client) -> Basket:
    with schema_context(shop.schema_name):
        variant = ask("margherita").configuration.variant_id
    basket = baskets.create(pizzeria_id=shop.id)
    baskets.add(basket=basket, configuration=Configuration(variant), quantity=2)
    client.cookies[baskets.COOKIE] = str(basket.token)
    return basket


@pytest.mark.parametrize("mode", ["livraison", "a-emporter"])
def test_a_customer_orders_twice(own_shop, mode):
    client = client_of(own_shop)
    basket = basket_of(own_shop, client)
    form = {"name": "Camille", "phone": "06 12 34 56 78", "submission": str(basket.submission), "when": ""}
    form |= {"street": "3 rue Nationale", "postcode": "59000", "city": "Lille", "fee_cents": "290"}
    assert 302 in tap_twice(client, (f"/commander/{mode}/", form))
    with schema_context(own_shop.schema_name):
        assert Order.objects.count() == 1
    check_invariants()


def test_a_customer_cancels_twice(own_shop):
    order = place(own_shop, ask("margherita"))
    assert tap_twice(client_of(own_shop), (f"/commande/{order.reference}/annuler/", {})) == [302, 302]
    with schema_context(own_shop.schema_name):
        assert moves(order, "cancelled") == 1
    check_invariants()


def test_a_customer_keeps_a_change_twice(own_shop):
    client, order = client_of(own_shop), place(own_shop, ask("margherita"))
    basket = baskets.open_change(
        basket=None,
        pizzeria_id=own_shop.id,
        reference=order.reference,
        lines=[(ask("reine").configuration, 1)],
    )
    client.cookies[baskets.COOKIE] = str(basket.token)
    statuses = tap_twice(client, ("/panier/enregistrer/", {}))
    assert 302 in statuses
    with schema_context(own_shop.schema_name):
        assert OrderEvent.objects.filter(order=order, reason="changed").count() == 1
        assert Order.objects.get(pk=order.pk).lines.get().label.startswith("Reine")
    check_invariants()


def test_the_counter_finishes_twice_from_two_tabs(own_shop, manager):
    draft = baskets.open_at_counter(pizzeria_id=own_shop.id, user_id=manager.pk)
    baskets.add(basket=draft, configuration=ask("margherita").configuration, quantity=1)
    form = {"mode": ServiceMode.COLLECTION.value, "channel": "counter", "name": "Camille", "phone": "06 12 34 56 78"}
    statuses = tap_twice(client_of(own_shop, manager), (f"/comptoir/prise/{draft.token}/passer/", form | {"when": ""}))
    assert 302 in statuses
    with schema_context(own_shop.schema_name):
        assert Order.objects.count() == 1
    check_invariants()
