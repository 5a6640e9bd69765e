"""Every address of the site, visited by those who have no business there. An address without a fixture fails."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from conftest import COOK, ask, place
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import ROLES, Permission
from shared_apps.baskets import services as baskets
from shared_apps.catalogue.models import Ingredient
from shared_apps.onboarding import services
from tenant_apps.orders.models import Case
from tenant_apps.orders.services import blocking, kitchen, stocktaking
from tenant_apps.printing.models import PrintJob
from tenants.backend.base import LOGIN
from tenants.models import Pizzeria
from tenants.roles import acting_as, shop_role

# Addresses of the staff, with the permission that opens each. Everything else must be listed as public.
STAFF = {
    "kitchen": Permission.KITCHEN,
    "counter": Permission.COUNTER,
    "driver": Permission.DELIVERIES,
    "headoffice": Permission.GROUP_VIEW,
    "counter:rush": Permission.RUSH,
    "counter:set_rush": Permission.RUSH,
    "counter:close_web": Permission.RUSH,
    "counter:reopen_web": Permission.RUSH,
    "office:today": Permission.SHOP_SETTINGS,
    "office:today_figures": Permission.SHOP_SETTINGS,
    "office:drivers": Permission.SHOP_SETTINGS,
    "office:settings": Permission.SHOP_SETTINGS,
    "office:hours": Permission.SHOP_SETTINGS,
    "office:set_day": Permission.SHOP_SETTINGS,
    "office:forget_day": Permission.SHOP_SETTINGS,
    "office:offers": Permission.SHOP_SETTINGS,
    "office:members": Permission.SHOP_SETTINGS,
    "office:set_roles": Permission.SHOP_SETTINGS,
    "office:history": Permission.SHOP_SETTINGS,
    "office:count_stock": Permission.STOCK,
    "office:counted": Permission.STOCK,
    "office:feasible": Permission.STOCK,
    "office:set_threshold": Permission.STOCK,
    "office:stock": Permission.STOCK,
    "office:stock_levels": Permission.STOCK,
    "office:ingredient": Permission.STOCK,
    "office:cases": Permission.CASES,
    "office:cases_list": Permission.CASES,
    "office:close_case": Permission.CASES,
}
STAFF |= {
    "counter:printer": Permission.PRINTS,
    "counter:prints": Permission.PRINTS,
    "counter:reprint": Permission.PRINTS,
    "counter:remakes": Permission.SHOP_SETTINGS,
    "counter:blocked": Permission.SHOP_SETTINGS,
    "counter:unblock": Permission.SHOP_SETTINGS,
    "counter:let_through": Permission.SHOP_SETTINGS,
}
# Addresses open to everybody, with what a GET answers to whoever has no business with what they name: nothing of anybody's.
PUBLIC = {
    "accounts:login": 200, "accounts:logout": 405, "accounts:signup": 200, "accounts:choose_password": 410,
    "storefront:menu": 200, "storefront:pizzas": 200, "storefront:picture": 200, "storefront:product": 200,
    "storefront:basket": 200, "storefront:add": 405, "storefront:set_quantity": 405, "storefront:keep_change": 405,
    "storefront:drop_change": 405, "storefront:checkout_delivery": 302, "storefront:checkout_collection": 302,
    "storefront:order": 404, "storefront:order_state": 404, "storefront:cancel": 405, "storefront:change": 405,
    "storefront:order_again": 405, "storefront:quiet": 404,
    "website:home": 200, "website:find": 405, "website:pizzerias": 200, "website:account": None, "website:terms": 200,
    "website:legal_notice": 200, "website:privacy": 200,
}  # fmt: skip
SUPPORT = {"admin"}
WRITES = {
    "driver:start_shift", "driver:end_shift",
    "kitchen:received",
    "office:set_threshold", "office:set_day", "office:forget_day", "office:set_roles",
    "kitchen:claim", "kitchen:undo_claim", "kitchen:mark_ready", "kitchen:recall", "kitchen:acknowledge", "counter:take_payment",
    "counter:hand_over", "counter:leave", "counter:cancel", "driver:leave", "driver:come_back", "driver:delivered",
    "office:close_case", "counter:begin", "counter:add_line", "counter:remove_line", "counter:same_again", "counter:park",
    "counter:discard", "counter:finish", "counter:set_rush", "counter:close_web", "counter:reopen_web",
}  # fmt: skip
WRITES |= {
    "counter:reprice",
    "counter:remake",
    "counter:unblock",
    "counter:let_through",
    "counter:hand_to",
    "kitchen:ask_remake",
    "kitchen:received",
    "counter:reprint",
}
ARGUMENTS = {
    "user_id", "count_id",
    "number", "line_id", "version", "ingredient_id", "case_id", "reference", "code", "digest", "uid", "token", "mode",
    "app_label", "content_type_id", "object_id", "url", "blocked_id", "slug", "job_id",
}  # fmt: skip


def addresses(resolver: URLResolver, path: str = "/", space: str = ""):
    for entry in resolver.url_patterns:
        here = path + str(entry.pattern).lstrip("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from addresses(entry, here, entry.namespace or space)
        elif isinstance(entry, URLPattern):
            yield f"{space}:{entry.name}", here


SHOP_ADDRESSES = dict(addresses(get_resolver(settings.ROOT_URLCONF)))
GROUP_ADDRESSES = dict(addresses(get_resolver(settings.PUBLIC_SCHEMA_URLCONF)))


def permission_of(name: str) -> Permission | None:
    return STAFF.get(name) or STAFF.get(name.partition(":")[0])


def of_staff(names) -> list[str]:
    return sorted(name for name in names if permission_of(name))


def test_every_address_is_known_to_this_sweep():
    unknown = {
        name
        for name in SHOP_ADDRESSES | GROUP_ADDRESSES
        if not permission_of(name) and name not in PUBLIC and name.partition(":")[0] not in SUPPORT
    }
    assert not unknown
    named = set(re.findall(r"<(?:\w+:)?(\w+)>", " ".join((SHOP_ADDRESSES | GROUP_ADDRESSES).values())))
    assert named - ARGUMENTS - {"line_id"} == set()


@pytest.fixture
def filled(shop, neighbour, make_staff):
    """What the arguments of the addresses name, in the shop that is visited."""
    order = place(shop, ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    case = Case.objects.create(order=order, kind=Case.Kind.SHORTAGE, opened_at=timezone.now())
    return {
        "number": order.pk,
        "line_id": order.lines.get().pk,
        "version": order.version,
        "count_id": stocktaking.count_many(
            shop=shop, counted={Ingredient.objects.first().pk: 1}, actor_id=None, now=timezone.now()
        ).pk,
        "user_id": make_staff(Role.DRIVER, shop).pk,
        "ingredient_id": Ingredient.objects.first().pk,
        "case_id": case.pk,
        "blocked_id": blocking.block(
            phone="+33699999999", reason="essai", until_date=None, user_id=None, now=timezone.now()
        ).pk,
        "slug": neighbour.slug,
        "job_id": PrintJob.objects.create(order=order, kind="bag", version=1, created_at=timezone.now()).pk,
        "token": baskets.open_at_counter(pizzeria_id=shop.id, user_id=make_staff(Role.COUNTER, shop).pk).token,
    }


def url(path: str, arguments: dict[str, object]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(arguments[match[1]]), path)


def send(client, name: str, address: str):
    return client.post(address) if name in WRITES else client.get(address)


@pytest.mark.parametrize("name", of_staff(SHOP_ADDRESSES))
def test_strangers_find_nothing_in_a_shop(shop, neighbour, filled, make_staff, visit, name):
    address = url(SHOP_ADDRESSES[name], filled)
    nobody = send(visit(shop), name, address)
    assert (nobody.status_code, nobody["Location"].startswith("/compte/connexion/")) == (302, True)
    assert send(visit(shop, make_staff(None)), name, address).status_code == 404  # a customer
    for role in (Role.MANAGER, Role.COUNTER, Role.COOK, Role.DRIVER):
        assert send(visit(shop, make_staff(role, neighbour)), name, address).status_code == 404
    assert send(visit(shop, make_staff(Role.HEAD_OFFICE)), name, address).status_code == 404
    for role in set(Role) - ROLES[permission_of(name)] - {Role.HEAD_OFFICE}:
        assert send(visit(shop, make_staff(role, shop)), name, address).status_code == 403


@pytest.mark.parametrize("name", of_staff(SHOP_ADDRESSES))
def test_their_own_staff_open_them(shop, filled, make_staff, visit, name):
    """So that a 404 for strangers is not simply a page that is never there."""
    role = sorted(ROLES[permission_of(name)])[0]
    answer = send(visit(shop, make_staff(role, shop)), name, url(SHOP_ADDRESSES[name], filled))
    assert answer.status_code in {200, 204, 302, 409, 422}


@pytest.mark.parametrize("name", of_staff(GROUP_ADDRESSES))
def test_strangers_find_nothing_at_head_office(db, shop, make_staff, visit, name):
    address = GROUP_ADDRESSES[name]
    assert visit().get(address).status_code == 302
    assert visit(None, make_staff(Role.MANAGER, shop)).get(address).status_code == 404
    assert visit(None, make_staff(Role.HEAD_OFFICE)).get(address).status_code == 200


GUESSED = {
    "code": "reine", "digest": "0123456789abcdef", "line_id": 1, "reference": "une-reference-devinee", "uid": "MQ",
    "token": "un-jeton-devine",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_pages_show_nobody_anything_of_anybody(shop, neighbour, make_staff, visit, name):
    order = place(shop, ask("margherita"))
    here = shop if name in SHOP_ADDRESSES else None
    path = url((SHOP_ADDRESSES if here else GROUP_ADDRESSES)[name], GUESSED)
    for visitor in (None, make_staff(None), make_staff(Role.MANAGER, neighbour)):
        answer = visit(here, visitor).get(path)
        expected = PUBLIC[name] or (200 if visitor else 302)
        assert answer.status_code == expected
        text = answer.content.decode(errors="replace")  # the pictures are compressed
        assert order.reference not in text
        assert order.contact_name not in text


def test_an_order_of_another_shop_is_not_there(shop, neighbour, visit):
    order = place(shop, ask("margherita"))
    for path in ("", "etat/"):
        assert visit(shop).get(f"/commande/{order.reference}/{path}").status_code == 200
        assert visit(neighbour).get(f"/commande/{order.reference}/{path}").status_code == 404
    for act in ("annuler", "modifier", "recommencer"):
        assert visit(neighbour).post(f"/commande/{order.reference}/{act}/").status_code == 404


def test_a_shop_whose_role_is_gone_answers_500_and_never_another_shops_rows(shop, visit, client):
    place(shop, ask("margherita"))
    with acting_as(LOGIN), connection.cursor() as cursor:
        role = connection.ops.quote_name(shop_role(shop.schema_name))
        cursor.execute(f"ALTER ROLE {role} RENAME TO nobody_here")
    visitor = visit(shop)
    visitor.raise_request_exception = False
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "Margherita" not in answer.content.decode()


def test_a_suspended_shop_answers_503_and_an_unknown_one_404(shop, visit):
    connection.set_schema_to_public()
    services.suspend(pizzeria=Pizzeria.objects.get(pk=shop.id))
    answer = visit(shop).get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    assert visit().get("/", HTTP_HOST=f"nulle-part.{settings.BASE_DOMAIN}").status_code == 404
