import datetime as dt
import re
import uuid

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, CUSTOMER, MANAGER, ask, check_invariants, place, variant
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import Ingredient, ServiceMode
from tenant_apps.orders.models import RemakeReason
from tenant_apps.orders.services import changing, kitchen, remaking
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Movement, StockLevel


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def state(shop, order) -> str:
    with schema_context(shop.schema_name):
        order.refresh_from_db()
    return order.state


def test_a_ticket_says_what_to_leave_out_what_to_add_and_who_is_allergic(shop, make_staff, visit):
    ham, extra = Ingredient.objects.get(code="jambon"), Ingredient.objects.get(code="mozzarella")
    wishes = Wishes(ServiceMode.COLLECTION, note="Bien cuite", allergy_note="arachides")
    place(shop, ask("reine", 2, removed=frozenset([ham.pk]), extras=frozenset([extra.pk])), wishes=wishes)
    page = text_of(visit(shop, make_staff(Role.COOK, shop)).get("/cuisine/"))
    assert f"SANS {ham.name}" in page
    assert f"EXTRA {extra.name}" in page
    assert "ALLERGIE : arachides" in page
    assert "Bien cuite" in page
    assert "Allergènes : gluten, lait" in page


def test_halves_are_left_and_right(shop, make_staff, visit):
    place(shop, ask("reine", other_half_id=variant("orientale").pk))
    page = text_of(visit(shop, make_staff(Role.COOK, shop)).get("/cuisine/"))
    assert "◐ Reine" in page
    assert "◑ Orientale" in page


def test_the_recipe_of_a_line_has_its_grams_for_its_size_and_halves(shop, make_staff, visit):
    order = place(shop, ask("reine", size="grande", other_half_id=variant("quatre-fromages", "grande").pk))
    cook = visit(shop, make_staff(Role.COOK, shop))
    page = text_of(cook.get(f"/cuisine/recettes/{order.lines.get().pk}/"))
    for part in ("Mozzarella", "Gorgonzola", "Jambon blanc", "Étaler le pâton"):
        assert part in page
    whole = {line.ingredient.code: line.quantity for line in variant("quatre-fromages", "grande").recipe.all()}
    assert f"{float(whole['gorgonzola'] / 2):g}".replace(".", ",") + " g" in page


def test_taking_a_ticket_consumes_the_stock_and_undoing_gives_it_back(shop, make_staff, visit):
    order = place(shop, ask("margherita", 2))
    cook = visit(shop, make_staff(Role.COOK, shop))
    dough = StockLevel.objects.get(ingredient__code="paton-classique")
    before = (dough.on_hand, dough.reserved)
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    with schema_context(shop.schema_name):
        dough.refresh_from_db()
        assert (dough.on_hand, dough.reserved) == (before[0] - 2, 0)
        assert Movement.objects.filter(order=order, reason=Movement.Reason.CONSUMPTION).exists()
    cook.post(f"/cuisine/bons/{order.pk}/annuler-la-prise/")
    with schema_context(shop.schema_name):
        dough.refresh_from_db()
        assert (dough.on_hand, dough.reserved) == before
    assert state(shop, order) == "accepted"


def test_a_claim_is_undone_at_once_or_never(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now() - dt.timedelta(minutes=2))
    answer = visit(shop, make_staff(Role.COOK, shop)).post(f"/cuisine/bons/{order.pk}/annuler-la-prise/")
    assert answer.status_code == 409
    assert state(shop, order) == "preparing"


def test_ready_leaves_the_board_and_a_recall_brings_it_back(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    for act in ("prendre", "pret"):
        cook.post(f"/cuisine/bons/{order.pk}/{act}/")
    assert f'id="ticket-{order.pk}"' not in text_of(cook.get("/cuisine/bons/"))
    cook.post(f"/cuisine/bons/{order.pk}/rappeler/")
    assert f'id="ticket-{order.pk}"' in text_of(cook.get("/cuisine/bons/"))


def test_a_refusal_is_said_where_the_cook_is(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    answer = cook.post(f"/cuisine/bons/{order.pk}/prendre/", HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#toast")
    assert "En préparation" in text_of(answer)


def test_an_order_for_tomorrow_waits_its_turn(shop, make_staff, visit):
    now = timezone.now()
    slots = list(shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now)))
    later = Wishes(ServiceMode.COLLECTION, starts_at=slots[-1].window.start)
    place(shop, ask("margherita"), wishes=later)
    page = text_of(visit(shop, make_staff(Role.COOK, shop)).get("/cuisine/"))
    assert "data-ticket" not in page
    assert "1 commande est pour plus tard" in page


def test_all_the_pizzas_and_doughs_to_make_are_counted(shop, make_staff, visit):
    place(shop, ask("reine", 2), ask("reine", other_half_id=variant("orientale").pk))
    page = text_of(visit(shop, make_staff(Role.COOK, shop)).get("/cuisine/"))
    assert "2,5 × Reine · Classique" in page
    assert "0,5 × Orientale · Classique" in page
    assert "3 Classique" in page


def test_the_board_asks_as_much_for_one_ticket_as_for_many(shop, make_staff, visit, django_assert_num_queries):
    ShopSettings.objects.update(oven_places=100)  # all of them in the next hour
    cook = visit(shop, make_staff(Role.COOK, shop))
    place(shop, ask("reine"))
    cook.get("/cuisine/bons/")
    with django_assert_num_queries(8) as few:
        cook.get("/cuisine/bons/")
    asked = len(few)
    for _ in range(5):
        half = ask("reine", other_half_id=variant("orientale").pk)
        orders = [place(shop, half, ask("orientale", 2), ask("cola-33cl", size=None)) for _order in range(4)]
        with schema_context(shop.schema_name):  # one of each kind
            kitchen.claim(shop=shop, order_id=orders[0].pk, by=COOK, now=timezone.now())
            remaking.remake(
                shop=shop,
                order_id=orders[0].pk,
                quantities={orders[0].lines.first().pk: 1},
                reason=RemakeReason.BURNT,
                words="",
                submission=uuid.uuid4(),
                by=MANAGER,
                now=timezone.now(),
            )
            changing.cancel(shop=shop, order_id=orders[1].pk, by=CUSTOMER, now=timezone.now())
        change(shop, orders[2], ask("reine", 2))
    assert len(re.findall('<li class="ticket', text_of(cook.get("/cuisine/bons/")))) == 26
    with django_assert_num_queries(asked):
        cook.get("/cuisine/bons/")


def test_the_page_of_the_board_reads_the_settings_once(shop, make_staff, visit):
    cook = visit(shop, make_staff(Role.COOK, shop))
    with CaptureQueriesContext(connection) as asked:
        cook.get("/cuisine/")
    assert sum('FROM "shop_shopsettings"' in query["sql"] for query in asked) == 1


def change(shop, order, *lines):
    with schema_context(shop.schema_name):
        changing.change(shop=shop, order_id=order.pk, lines=list(lines), by=CUSTOMER, now=timezone.now())


def test_a_changed_ticket_flashes_until_it_is_seen(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    assert "MODIFIÉE" not in text_of(cook.get("/cuisine/bons/"))
    change(shop, order, ask("reine", 2))
    assert "MODIFIÉE" in text_of(cook.get("/cuisine/bons/"))
    change(shop, order, ask("reine", 3))
    cook.post(f"/cuisine/bons/{order.pk}/vu/2/")  # what was on the screen when it was touched
    assert "MODIFIÉE" in text_of(cook.get("/cuisine/bons/"))
    cook.post(f"/cuisine/bons/{order.pk}/vu/3/")
    assert "MODIFIÉE" not in text_of(cook.get("/cuisine/bons/"))


def test_a_cancelled_ticket_stays_until_it_is_seen(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    with schema_context(shop.schema_name):
        changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    page = text_of(cook.get("/cuisine/bons/"))
    assert "ANNULÉE" in page
    assert "Prendre" not in page
    cook.post(f"/cuisine/bons/{order.pk}/vu/2/")
    assert "ANNULÉE" not in text_of(cook.get("/cuisine/bons/"))
    check_invariants()


def test_taking_a_changed_ticket_is_having_seen_it(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    change(shop, order, ask("reine"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    cook.post(f"/cuisine/bons/{order.pk}/prendre/")
    assert "MODIFIÉE" not in text_of(cook.get("/cuisine/bons/"))
