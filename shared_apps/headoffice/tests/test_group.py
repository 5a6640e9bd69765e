import datetime as dt
import uuid

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, ask, open_shop, place
from shared_apps.accounts.models import Role
from shared_apps.sales import queries
from tenant_apps.orders.services import changing, kitchen, settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenants.models import RestoreDrill


def of(shop) -> queries.ShopFigures:
    return queries.figures(now=timezone.now(), pizzeria_id=shop.id)[0]


def sell(shop, *lines):
    order = place(shop, *lines)
    with schema_context(shop.schema_name):
        for act in (kitchen.claim, kitchen.mark_ready):
            act(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
        return settlement.hand_over(
            shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now(),
            tender=Tender(Payment.Means.CASH, uuid.uuid4()),
        )  # fmt: skip


def test_the_group_view_follows_every_shop(shop, neighbour):
    sell(shop, ask("margherita"))
    place(shop, ask("reine"))
    waiting = place(neighbour, ask("orientale"))
    assert (of(shop).in_progress, of(shop).orders, of(shop).turnover_cents) == (1, 2, 990)
    assert (of(neighbour).in_progress, of(neighbour).turnover_cents) == (1, 0)
    with schema_context(neighbour.schema_name):
        changing.cancel(shop=neighbour, order_id=waiting.pk, by=COUNTER, now=timezone.now())
    assert (of(neighbour).in_progress, of(neighbour).orders) == (0, 0)
    total = queries.total(queries.figures(now=timezone.now()))
    assert (total.in_progress, total.orders, total.turnover_cents) == (1, 2, 990)


def test_an_order_past_its_time_is_late(shop):
    order = place(shop, ask("reine"))
    after = order.slot.ends_at + timezone.timedelta(minutes=1)
    assert queries.figures(now=after, pizzeria_id=shop.id)[0].late == 1
    assert of(shop).late == 0


def test_the_page_shows_each_shop_and_the_total(shop, neighbour, make_staff, visit):
    sell(shop, ask("margherita"))
    page = visit(None, make_staff(Role.HEAD_OFFICE)).get("/siege/").content.decode()
    for words in (shop.name, neighbour.name, "9,90\u00a0€", "Le groupe en direct"):
        assert words in page


@pytest.mark.parametrize(("address", "asked"), [("/siege/", 5), ("/siege/chiffres/", 4)])
def test_it_asks_as_much_for_two_shops_as_for_six(shop, make_staff, visit, django_assert_num_queries, address, asked):
    head_office = visit(None, make_staff(Role.HEAD_OFFICE))
    head_office.get(address)
    with django_assert_num_queries(asked) as few:  # session, user, membership, figures; the page: the last drill
        head_office.get(address)
    for number in range(4):
        place(open_shop(f"nouvelle-{number}"), ask("margherita"))
    with django_assert_num_queries(len(few)):
        head_office.get(address)


def test_head_office_reads_how_the_last_restore_drill_went(db, make_staff, visit):
    head_office = visit(None, make_staff(Role.HEAD_OFFICE))
    assert "restore_drill" in head_office.get("/siege/").content.decode()
    now = timezone.now()
    RestoreDrill.objects.create(
        at=now - dt.timedelta(days=9), backup="a.ocpizza", pizzeria="nation", seconds=1, rows=321
    )
    assert "Aucune sauvegarde n’a été essayée depuis" in head_office.get("/siege/").content.decode()
    RestoreDrill.objects.create(at=now, backup="a.ocpizza", pizzeria="nation", seconds=1.234, rows=321)
    assert "321 lignes restaurées et vérifiées en 1,2 s" in head_office.get("/siege/").content.decode()
    RestoreDrill.objects.create(at=now, backup="b.ocpizza", pizzeria="nation", seconds=1, fault="illisible")
    assert "a échoué" in head_office.get("/siege/").content.decode()
