"""Every address of the site, visited by those who have no business there. An address without a fixture fails."""

import re
import uuid

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, COUNTER, ask, place
from shared_apps.accounts.models import Role
from shared_apps.accounts.permissions import OPENED_BY_PIN, ROLES, SHOWN_LOCKED, Permission, Purpose
from shared_apps.baskets import services as baskets
from shared_apps.catalogue.models import Ingredient, Product, ServiceMode
from shared_apps.core.calendar import business_day
from shared_apps.onboarding import services
from tenant_apps.delivery.tests.doors import give, ready
from tenant_apps.devices.services import pairing, pins
from tenant_apps.orders.models import Case
from tenant_apps.orders.services import blocking, kitchen, practising, settlement, stocktaking
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import Payment
from tenant_apps.printing.models import PrintJob
from tenant_apps.promotions import services as promotions
from tenant_apps.stock.models import Reception, Substitution
from tenant_apps.stock.services import opening
from tenant_apps.stock.services.movements import Where
from tenant_apps.till.services import archiving, closings, issuing
from tenant_apps.till.services import training as till_training
from tenant_apps.till.services.issuing import Buyer
from tenants.backend.base import LOGIN
from tenants.models import Pizzeria
from tenants.roles import acting_as, shop_role

# Addresses of the staff, with the permission that opens each. Everything else must be listed as public.
STAFF = {
    "kitchen": Permission.KITCHEN,
    "counter": Permission.COUNTER,
    "driver": Permission.DELIVERIES,
    "headoffice": Permission.GROUP_VIEW,
    "headoffice:card": Permission.CATALOGUE,
    "headoffice:new_product": Permission.CATALOGUE,
    "headoffice:product": Permission.CATALOGUE,
    "headoffice:ingredients": Permission.CATALOGUE,
    "headoffice:new_ingredient": Permission.CATALOGUE,
    "headoffice:ingredient": Permission.CATALOGUE,
    "counter:rush": Permission.RUSH,
    "counter:set_rush": Permission.RUSH,
    "counter:close_web": Permission.RUSH,
    "counter:reopen_web": Permission.RUSH,
    "office:takings": Permission.SHOP_SETTINGS,
    "office:vouchers": Permission.SHOP_SETTINGS,
    "office:withdraw_voucher": Permission.SHOP_SETTINGS,
    "office:today": Permission.SHOP_SETTINGS,
    "office:today_figures": Permission.SHOP_SETTINGS,
    "office:drivers": Permission.SHOP_SETTINGS,
    "office:settings": Permission.SHOP_SETTINGS,
    "office:hours": Permission.SHOP_SETTINGS,
    "office:set_day": Permission.SHOP_SETTINGS,
    "office:forget_day": Permission.SHOP_SETTINGS,
    "office:set_holidays": Permission.SHOP_SETTINGS,
    "office:zone": Permission.SHOP_SETTINGS,
    "office:invite_again": Permission.SHOP_SETTINGS,
    "office:offers": Permission.SHOP_SETTINGS,
    "office:members": Permission.SHOP_SETTINGS,
    "office:set_roles": Permission.SHOP_SETTINGS,
    "office:history": Permission.SHOP_SETTINGS,
    "office:count_stock": Permission.STOCK,
    "office:counted": Permission.STOCK,
    "office:feasible": Permission.STOCK,
    "office:set_threshold": Permission.STOCK,
    "office:suppliers": Permission.STOCK,
    "office:new_supplier": Permission.STOCK,
    "office:supplier": Permission.STOCK,
    "office:new_reception": Permission.STOCK,
    "office:receptions": Permission.STOCK,
    "office:reception": Permission.STOCK,
    "office:order_reception": Permission.STOCK,
    "office:cancel_reception": Permission.STOCK,
    "office:receive": Permission.STOCK,
    "office:receive_unexpected": Permission.STOCK,
    "office:order_sheet": Permission.STOCK,
    "office:use_by": Permission.STOCK,
    "office:suggestion": Permission.STOCK,
    "office:take_suggestion": Permission.STOCK,
    "office:substitutions": Permission.STOCK,
    "office:start_substitution": Permission.STOCK,
    "office:end_substitution": Permission.STOCK,
    "office:stock": Permission.STOCK,
    "office:stock_levels": Permission.STOCK,
    "office:ingredient": Permission.STOCK,
    "office:cases": Permission.CASES,
    "office:cases_list": Permission.CASES,
    "office:close_case": Permission.CASES,
}
STAFF |= {
    "headoffice:legal_pages": Permission.LEGAL,
    "headoffice:legal_page": Permission.LEGAL,
    "headoffice:people": Permission.GROUP_PEOPLE,
    "headoffice:person": Permission.GROUP_PEOPLE,
    "headoffice:add_post": Permission.GROUP_PEOPLE,
    "headoffice:set_roles": Permission.GROUP_PEOPLE,
    "headoffice:invite_again": Permission.GROUP_PEOPLE,
    "headoffice:remove_second_factor": Permission.GROUP_PEOPLE,
    "books": Permission.BOOKS,
    "books:close_day": Permission.TILL,
    "books:make_archive": Permission.TILL,
    "books:set_training": Permission.TILL,
    "books:training": Permission.TRAINING,
    "books:practise": Permission.TRAINING,
    "books:training_receipt": Permission.TRAINING,
    "devices:own_pin": Permission.OWN_PIN,
    "office:set_pin": Permission.SHOP_SETTINGS,
    "office:devices": Permission.SHOP_SETTINGS,
    "office:change_device": Permission.SHOP_SETTINGS,
    "office:renew_code": Permission.SHOP_SETTINGS,
    "office:revoke_device": Permission.SHOP_SETTINGS,
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
    "storefront:basket": 200, "storefront:add": 405,
    "storefront:use_voucher": 405, "storefront:set_quantity": 405, "storefront:keep_change": 405,
    "storefront:drop_change": 405, "storefront:checkout_delivery": 302, "storefront:checkout_collection": 302,
    "storefront:order": 404, "storefront:order_state": 404, "storefront:order_driver": 404, "storefront:cancel": 405,
    "storefront:change": 405,
    "storefront:receipt": 404, "storefront:receipt_pdf": 404,
    "devices:pair": 200, "devices:operator": 404, "devices:password": 404, "devices:lock": 405, "devices:who": 404,
    "devices:switch": 404,
    "storefront:order_again": 405, "storefront:quiet": 404, "storefront:pay": 405, "storefront:paid": 404,
    "storefront:pay_on_receipt": 405, "website:stripe_webhook": 405,
    "accounts:change_email": None, "accounts:confirm_email": (302, 410),
    "accounts:security": None, "accounts:sessions": None, "accounts:end_session": 405,
    ":account_login": 200, ":account_logout": 405, ":account_signup": 200, ":account_inactive": 200,
    ":account_reset_password": 200, ":account_reset_password_done": 200, ":account_reset_password_from_key": 200,
    ":account_reset_password_from_key_done": 200, ":account_reauthenticate": None, ":account_change_password": None,
    ":account_set_password": 302, ":mfa_index": None, ":mfa_authenticate": 302, ":mfa_reauthenticate": 302,
    ":mfa_activate_totp": 302, ":mfa_deactivate_totp": (302, 404), ":mfa_view_recovery_codes": (302, 404),
    ":mfa_generate_recovery_codes": 302, ":mfa_download_recovery_codes": (302, 404), ":usersessions_list": None,
    "website:home": 200, "website:find": 405, "website:pizzerias": 200, "website:account": None,
    "website:set_details": 405, "website:remove_address": 405, "website:set_allergens": 405, "website:own_data": None,
    "website:ask_export": 405, "website:export_file": (302, 404), "website:erase": None, "website:erased": 200,
    "health:alive": 200, "health:complete": 503, "website:legal_page": 200, "website:legal_version": 404,
}  # fmt: skip
SUPPORT = {"admin"}
WRITES = {
    "driver:start_shift", "driver:end_shift",
    "kitchen:received",
    "office:order_reception", "office:cancel_reception", "office:take_suggestion",
    "office:set_threshold", "office:set_day", "office:forget_day", "office:set_roles",
    "kitchen:claim", "kitchen:undo_claim", "kitchen:mark_ready", "kitchen:recall", "kitchen:acknowledge", "counter:take_payment",
    "counter:hand_over", "counter:cancel", "driver:leave", "driver:come_back", "driver:delivered",
    "office:close_case", "counter:begin", "counter:add_line", "counter:remove_line", "counter:same_again", "counter:park",
    "counter:discard", "counter:finish", "counter:set_rush", "counter:close_web", "counter:reopen_web",
}  # fmt: skip
WRITES |= {
    "counter:refund",
    "counter:agree_discount",
    "counter:use_voucher",
    "office:withdraw_voucher",
    "counter:give_back",
    "counter:open_drawer",
    "counter:move_cash",
    "counter:count_drawer",
    "office:set_pin",
    "office:change_device",
    "office:renew_code",
    "office:revoke_device",
    "office:start_substitution",
    "office:end_substitution",
    "books:close_day",
    "books:make_archive",
    "books:set_training",
    "books:practise",
    "books:verify",
    "counter:give_receipt",
    "counter:mail_receipt",
    "kitchen:pass_on",
    "kitchen:bring_back",
    "office:set_holidays",
    "office:invite_again",
    "counter:reprice",
    "counter:remake",
    "counter:unblock",
    "counter:let_through",
    "counter:hand_to",
    "kitchen:ask_remake",
    "kitchen:received",
    "counter:reprint",
}
WRITES |= {
    "driver:position", "driver:share_position", "driver:stop_sharing",
    "driver:take", "driver:give_back", "driver:move_earlier", "driver:best_order", "driver:arrived", "driver:failed",
    "counter:assign", "counter:take_back", "counter:follow_up",
    "headoffice:add_post", "headoffice:set_roles", "headoffice:invite_again", "headoffice:remove_second_factor",
}  # fmt: skip
ARGUMENTS = {
    "entry_number", "closing_number", "archive_number",
    "round_id", "stop_id", "address_id",
    "product_id",
    "user_id", "count_id", "device_id", "supplier_id", "reception_id", "uidb36", "key", "session_id", "substitution_id",
    "station", "number", "line_id", "version", "ingredient_id", "case_id", "reference", "code", "digest", "uid", "token", "mode",
    "page", "place", "app_label", "content_type_id", "object_id", "url", "blocked_id", "voucher_id", "slug", "job_id",
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


def delivery_expected(shop) -> dict[str, int]:
    where, now = Where(shop.id, shop.schema_name), timezone.now()
    opening.open_suppliers(where=where, days_ahead=3, now=now)
    expected = Reception.objects.filter(state=Reception.State.EXPECTED).first()
    return {"supplier_id": expected.supplier_id, "reception_id": expected.pk}


@pytest.fixture
def filled(shop, neighbour, make_staff):
    """What the arguments of the addresses name, in the shop that is visited."""
    order = place(shop, ask("margherita"))
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    case = Case.objects.create(order=order, kind=Case.Kind.SHORTAGE, opened_at=timezone.now())
    round_ = give(shop, make_staff(Role.DRIVER, shop), ready(shop))
    return sealed(shop, order) | {
        "number": order.pk,
        "round_id": round_.pk,
        "stop_id": round_.stops.get().pk,
        "line_id": order.lines.get().pk,
        "version": order.version,
        "station": "preparation",
        "page": "conditions-de-vente",
        "place": "siege",
        "count_id": stocktaking.count_many(
            shop=shop, counted={Ingredient.objects.first().pk: 1}, actor_id=None, now=timezone.now()
        ).pk,
        "device_id": pairing.add(shop=shop, name="Four", purpose=Purpose.KITCHEN, by_id=None, now=timezone.now())[0].pk,
        "user_id": make_staff(Role.DRIVER, shop).pk,
        **delivery_expected(shop),
        "product_id": Product.objects.first().pk,
        "ingredient_id": Ingredient.objects.first().pk,
        "case_id": case.pk,
        "substitution_id": Substitution.objects.create(
            replaced=Ingredient.objects.first(),
            replacement=Ingredient.objects.last(),
            ratio=1,
            reason="essai",
            started_at=timezone.now(),
        ).pk,
        "blocked_id": blocking.block(
            phone="+33699999999", reason="essai", until_date=None, user_id=None, now=timezone.now()
        ).pk,
        "voucher_id": promotions.create(
            pizzeria_id=shop.id,
            code="SWEEP",
            label="essai",
            percent=10,
            amount_cents=None,
            minimum_cents=0,
            first_date=timezone.localdate(),
            last_date=timezone.localdate(),
            uses_limit=None,
            user_id=None,
            now=timezone.now(),
        ).pk,
        "slug": neighbour.slug,
        "job_id": PrintJob.objects.create(order=order, kind="bag", version=1, created_at=timezone.now()).pk,
        "token": baskets.open_at_counter(pizzeria_id=shop.id, user_id=make_staff(Role.COUNTER, shop).pk).token,
    }


def sealed(shop, order) -> dict[str, int]:
    """The order paid and invoiced, a training receipt, the day closed and archived."""
    now = timezone.now()
    tender = Tender(Payment.Means.CASH, uuid.uuid4())
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=now)
    issuing.make_invoice(shop=shop, order_number=order.pk, buyer=Buyer("SARL Essai", "Lille"), operator="", now=now)
    till_training.set_training(shop=shop, is_open=True, operator="", now=now)
    mode = ServiceMode.COLLECTION
    practised = practising.practise(shop=shop, lines=[ask("reine")], mode=mode, means="cash", operator="", now=now)
    day = business_day(now)
    closed = closings.close_day(shop=shop, day=day, operator="", now=now)
    archived = archiving.make(shop=shop, starts_on=day, ends_on=day, operator="", now=now)
    return {
        "entry_number": practised.number,  # there is a sale of this number in both chains
        "closing_number": closed.entry_number,
        "archive_number": archived.number,
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
    for role in (Role.MANAGER, Role.COUNTER, Role.COOK, Role.DRIVER, Role.FISCAL):
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
def test_strangers_find_nothing_at_head_office(shop, filled, make_staff, visit, name):
    address = url(GROUP_ADDRESSES[name], filled)
    assert send(visit(), name, address)["Location"].startswith("/compte/connexion/")
    assert send(visit(None, make_staff(Role.MANAGER, shop)), name, address).status_code == 404
    answer = send(visit(None, make_staff(Role.HEAD_OFFICE)), name, address)
    assert answer.status_code in ({302, 422} if name in WRITES else {200})


GUESSED = {
    "page": "conditions-de-vente", "version": "2019-01",
    "code": "reine", "digest": "0123456789abcdef", "line_id": 1, "reference": "une-reference-devinee", "uid": "MQ",
    "token": "un-jeton-devine", "uidb36": "1", "key": "une-cle-devinee", "session_id": 1, "address_id": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_pages_show_nobody_anything_of_anybody(shop, neighbour, make_staff, visit, name):
    order = place(shop, ask("margherita"))
    here = shop if name in SHOP_ADDRESSES else None
    path = url((SHOP_ADDRESSES if here else GROUP_ADDRESSES)[name], GUESSED)
    for visitor in (None, make_staff(None), make_staff(Role.MANAGER, neighbour)):
        answer = visit(here, visitor).get(path)
        expected = PUBLIC[name] or (302, 200)  # (for nobody, for somebody signed in)
        assert answer.status_code == (expected[bool(visitor)] if isinstance(expected, tuple) else expected)
        text = answer.content.decode(errors="replace")  # the pictures are compressed
        assert order.reference not in text
        assert order.contact_name not in text


def test_an_order_of_another_shop_is_not_there(shop, neighbour, visit):
    order = place(shop, ask("margherita"))
    for path in ("", "etat/", "livreur/"):
        assert visit(shop).get(f"/commande/{order.reference}/{path}").status_code == 200
        assert visit(neighbour).get(f"/commande/{order.reference}/{path}").status_code == 404
    for act in ("annuler", "modifier", "recommencer", "payer", "payer-a-la-reception"):
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


@pytest.fixture
def device(shop, visit):
    """A browser paired with a shop; opened by a PIN when somebody is given."""

    def make(purpose, user=None, of=shop):
        now = timezone.now()
        with schema_context(of.schema_name):
            _device, code = pairing.add(shop=of, name="Essai", purpose=purpose, by_id=None, now=now)
            _device, token = pairing.pair(shop=of, code=code, now=now)
            if user:
                pins.set_pin(shop=of, user_id=user.pk, pin=f"8{user.pk % 90000 + 10000}", by_id=None, now=now)
        browser = visit(shop)
        browser.cookies[settings.DEVICE_COOKIE] = token
        if user:
            opened = browser.post("/appareil/operateur/", {"operator_pin": f"8{user.pk % 90000 + 10000}"})
            assert opened.status_code == 302
        return browser

    return make


def undone(client, name: str, filled):
    """What an address answers; what it did is undone, so that the next address finds everything as it was."""
    with transaction.atomic():
        answer = send(client, name, url(SHOP_ADDRESSES[name], filled))
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_locked_device_does_nothing_and_shows_what_it_is_for(shop, filled, device, purpose):
    locked = device(purpose)
    for name in of_staff(SHOP_ADDRESSES):
        answer, shown = undone(locked, name, filled), permission_of(name) in SHOWN_LOCKED[purpose]
        if name == "kitchen:received":  # the page's own word
            assert (name, answer.status_code) == (name, 204 if shown else 401)
        elif name in WRITES:
            assert (name, answer.status_code) == (name, 401)
        elif shown:
            assert (name, answer.status_code) == (name, 200)
        else:
            assert (name, answer["Location"].partition("?")[0]) == (name, "/appareil/operateur/")


def test_a_device_of_another_shop_finds_nothing(shop, neighbour, filled, device):
    for name in of_staff(SHOP_ADDRESSES):
        stranger = device(Purpose.KITCHEN, of=neighbour)
        assert (name, undone(stranger, name, filled).status_code) == (name, 404)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COUNTER, Role.COOK, Role.DRIVER])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_pin_opens_what_the_device_is_for_to_the_role_that_may(shop, filled, device, make_staff, purpose, role):
    opened = device(purpose, make_staff(role, shop))
    for name in of_staff(SHOP_ADDRESSES):
        answer, permission = undone(opened, name, filled), permission_of(name)
        if permission not in OPENED_BY_PIN[purpose]:
            assert (name, answer["Location"].partition("?")[0]) == (name, "/appareil/mot-de-passe/")
        elif role not in ROLES[permission]:
            assert (name, answer.status_code) == (name, 403)
        else:
            assert answer.status_code in {200, 204, 302, 409, 422}, name
