"""The same form, as its page filled it, sent twice at once: money, the drawer, the till, deliveries and suppliers."""

import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COUNTER, check_invariants, place
from ocpizza.tests.test_double_tap import client_of, manager, moves, ready, tap_twice  # noqa: F401  a fixture
from ocpizza.tests.test_isolation_sweep import SHOP_ADDRESSES, delivery_expected
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.catalogue.models import Ingredient
from shared_apps.core.calendar import business_day
from shared_apps.onboarding.simulation.browser import Reader
from tenant_apps.delivery.models import Act, Shift, Stop
from tenant_apps.delivery.tests import doors
from tenant_apps.devices.models import Device
from tenant_apps.drawer.models import CashMovement, DrawerSession
from tenant_apps.drawer.services import sessions
from tenant_apps.orders.models import BlockedNumber, Case, FailureReason, OrderDiscount, OrderEvent
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import CreditNote, Payment, Refund, Reversal
from tenant_apps.printing.models import PrintJob
from tenant_apps.promotions.models import Voucher
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Movement, Reception
from tenant_apps.till.models import Archive, Closing, Invoice
from tenant_apps.till.services import closings


def filled(client: Client, page: str, action: str, **values: str) -> tuple[str, dict[str, str]]:
    """The form of a page whose address matches, with what somebody typed over what the page filled."""
    reader = Reader(page)
    reader.feed(client.get(page).content.decode())
    form = next(form for form in reader.forms if re.search(action, form.action))
    return form.action, form.fields | values


def paid(shop, order=None):
    order = order or ready(shop)
    tender = Tender(Payment.Means.CASH, uuid.uuid4())
    return settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())


def opened(shop, user):
    sessions.open_drawer(shop=shop, operator_id=user.pk, operator=user.name, float_cents=10000, now=timezone.now())


# Each prepares the shop for `user`; gives the form as its page filled it, and what to count: one, however often it is sent.


def refund(shop, client, user):
    order = paid(shop)
    values = {f"line-{order.lines.get().pk}": "1", "reason": "froide"}
    return filled(client, f"/comptoir/{order.pk}/", "/rembourser/$", **values), Refund.objects.filter(order=order).count


def agree_discount(shop, client, user):
    order = ready(shop)
    values = {"percent": "10", "reason": "attente"}
    return filled(client, f"/comptoir/{order.pk}/", "/remise/$", **values), OrderDiscount.objects.filter(
        order=order
    ).count


def give_back(shop, client, user):
    order = paid(shop, place(shop))
    client.post(f"/comptoir/{order.pk}/annuler/", {"reason": "erreur"})
    form = filled(client, f"/comptoir/{order.pk}/", "/rendre/$", reason="trop perçu")
    return form, Refund.objects.filter(order=order).count


def credit_note(shop, client, user):
    return filled(client, "/comptoir/avoirs/", "/avoirs/$", amount="5,00", reason="geste"), CreditNote.objects.count


def open_drawer(shop, client, user):
    return filled(client, "/comptoir/caisse/", "/ouvrir/$"), DrawerSession.objects.count


def move_cash(shop, client, user):
    opened(shop, user)
    values = {"kind": "put_in", "amount": "20,00", "reason": "monnaie"}
    return filled(client, "/comptoir/caisse/", "/mouvement/$", **values), CashMovement.objects.filter(
        kind="put_in"
    ).count


def count_drawer(shop, client, user):
    opened(shop, user)
    form = filled(client, "/comptoir/caisse/", "/compter/$", **{"piece-5000": "2", "reason": "compte"})
    return form, DrawerSession.objects.filter(closed_at__isnull=False).count


def invoice(shop, client, user):
    order = paid(shop)
    values = {"name": "SARL Essai", "address": "1 rue Haute, 59000 Lille"}
    return filled(client, f"/comptoir/{order.pk}/facture/", "/facture/$", **values), Invoice.objects.count


def block(shop, client, user):
    values = {"phone": "06 99 99 99 99", "reason": "essai"}
    return filled(client, "/comptoir/numeros-bloques/", "/numeros-bloques/$", **values), BlockedNumber.objects.count


def reprint(shop, client, user):
    ShopSettings.objects.update(printer_address="127.0.0.1:9")
    order = ready(shop)
    job = PrintJob.objects.create(
        order=order, kind="bag", version=1, created_at=timezone.now(), printed_at=timezone.now()
    )
    again = PrintJob.objects.filter(order=order, kind="bag", copy__gt=0)
    return (f"/comptoir/impressions/{job.pk}/reimprimer/", {}), again.count


def close_day(shop, client, user):
    paid(shop)
    day = business_day(timezone.now())
    return filled(client, "/caisse/", "/cloturer/$"), Closing.objects.filter(period="day", starts_on=day).count


def archive(shop, client, user):
    now = timezone.now()
    closings.close_day(shop=shop, day=business_day(now), operator="", now=now)
    day = business_day(now).isoformat()
    return filled(client, "/caisse/archives/", "/faire/$", du=day, au=day), Archive.objects.count


def start_shift(shop, client, user):
    return filled(client, "/livraisons/", "/service/commencer/$", float_cents="30,00"), Shift.objects.count


def end_shift(shop, client, user):
    doors.begin(shop, user)
    form = filled(client, "/livraisons/", "/service/terminer/$", counted_cents="30,00")
    return form, Shift.objects.filter(ended_at__isnull=False).count


def take(shop, client, user):
    order = doors.ready(shop)
    doors.begin(shop, user)
    return filled(client, "/livraisons/", f"/{order.pk}/prendre/$"), Stop.objects.filter(order=order).count


def leave(shop, client, user):
    doors.give(shop, user, doors.ready(shop))
    return filled(client, "/livraisons/", "/parti/$"), Act.objects.filter(kind="left").count


def arrived(shop, client, user):
    doors.send_out(shop, user, doors.ready(shop))
    return filled(client, "/livraisons/", "/arrive/$"), Act.objects.filter(kind="arrived").count


def delivered(shop, client, user):
    order = doors.ready(shop)
    doors.send_out(shop, user, order)
    return filled(client, "/livraisons/", "/livre/$", means="cash"), Payment.objects.filter(order=order).count


def failed(shop, client, user):
    order = doors.ready(shop)
    doors.send_out(shop, user, order)
    undelivered = OrderEvent.objects.filter(order=order, to_state="failed")
    return filled(client, "/livraisons/", "/echec/$", reason="absent"), undelivered.count


def written_off(shop, client, user):
    order = doors.ready(shop)
    round_ = doors.send_out(shop, user, order)
    doors.tap(shop, user, "failed", round_, order, reason=FailureReason.ABSENT)
    return filled(client, "/comptoir/tournees/", f"/{order.pk}/suite/$", follow_up="loss"), lambda: moves(
        order, "cancelled"
    )


def delivered_again(shop, client, user):
    order = doors.ready(shop)
    round_ = doors.send_out(shop, user, order)
    doors.tap(shop, user, "failed", round_, order, reason=FailureReason.ABSENT)
    again = OrderEvent.objects.filter(order=order, from_state="failed")
    return filled(client, "/comptoir/tournees/", f"/{order.pk}/suite/$", follow_up="second_delivery"), again.count


def receive(shop, client, user):
    expected = delivery_expected(shop)["reception_id"]
    item = Reception.objects.get(pk=expected).lines.first()
    came = Movement.objects.filter(reason="reception", ingredient_id=item.ingredient_id)
    return filled(client, f"/gestion/stock/livraisons/{expected}/recevoir/", "/recevoir/$"), came.count


def receive_unexpected(shop, client, user):
    supplier, basil = delivery_expected(shop)["supplier_id"], Ingredient.objects.get(code="basilic").pk
    came = Movement.objects.filter(reason="reception", ingredient_id=basil)
    address = f"/gestion/stock/fournisseurs/{supplier}/recevoir/"
    return filled(client, address, "/recevoir/$", **{f"received-{basil}": "50"}), came.count


def voucher(shop, client, user):
    today = timezone.localdate().isoformat()
    values = {"code": "ESSAI", "label": "essai", "percent": "10", "first_date": today, "last_date": today}
    return filled(client, "/gestion/reglages/codes/", "/codes/$", **values), Voucher.objects.filter(code="ESSAI").count


def close_case(shop, client, user):
    case = Case.objects.create(order=ready(shop), kind=Case.Kind.SHORTAGE, opened_at=timezone.now())
    return filled(client, "/gestion/a-traiter/", "/regler/$", resolution="appelée"), Case.objects.filter(
        pk=case.pk, closed_at__isnull=False
    ).count


def revoke_device(shop, client, user):
    client.post("/gestion/reglages/appareils/", {"name": "Four", "purpose": "kitchen"})
    form = filled(client, "/gestion/reglages/appareils/", "/revoquer/$")
    return form, Device.objects.filter(revoked_at__isnull=False).count


CASES = [
    refund, give_back, agree_discount, credit_note, open_drawer, move_cash, count_drawer, invoice, block, reprint, close_day,
    archive, start_shift, end_shift, take, leave, arrived, delivered, failed, written_off, delivered_again, receive,
    receive_unexpected,
    voucher, close_case, revoke_device,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_it_is_done_once(own_shop, manager, case):  # noqa: F811
    ShopSettings.objects.update(oven_places=400)
    with schema_context("public"):
        Membership.objects.create(user=manager, pizzeria_id=own_shop.id, role=Role.DRIVER)
    client = client_of(own_shop, manager)
    with schema_context(own_shop.schema_name):
        form, count = case(own_shop, client, User.objects.get(pk=manager.pk))
    statuses = tap_twice(client, form)
    with schema_context(own_shop.schema_name):
        assert count() == 1
    assert set(statuses) <= {200, 302, 404, 409, 422}, statuses
    assert Reversal.objects.count() <= 1
    check_invariants()


# Every address that takes a POST: sent twice at once in this file or another, or by nature the same when it comes twice.
TAPPED = {
    "kitchen:claim", "kitchen:undo_claim", "kitchen:mark_ready", "kitchen:recall", "kitchen:ask_remake", "counter:cancel",
    "counter:hand_over", "counter:take_payment", "counter:remake", "counter:set_rush", "counter:finish", "counter:reprint",
    "counter:refund", "counter:give_back", "counter:agree_discount", "counter:credit_notes", "counter:open_drawer",
    "counter:move_cash",
    "counter:count_drawer", "counter:invoice", "counter:blocked", "counter:follow_up", "books:close_day",
    "books:make_archive", "driver:start_shift", "driver:end_shift", "driver:take", "driver:leave", "driver:arrived",
    "driver:delivered", "driver:failed", "office:ingredient", "office:start_substitution", "office:set_day",
    "office:members", "office:hours", "office:offers", "office:zone", "office:receive", "office:receive_unexpected",
    "office:vouchers",
    "office:close_case", "office:revoke_device", "storefront:checkout_delivery", "storefront:checkout_collection",
    "storefront:cancel", "storefront:keep_change",
    "counter:same_again", "storefront:pay",  # orders/tests/test_races.py, test_online_races.py
}  # fmt: skip
HARMLESS = {
    "moves something to where it is then found": {
        "kitchen:pass_on", "kitchen:bring_back", "kitchen:acknowledge", "kitchen:received", "counter:assign",
        "counter:take_back", "driver:give_back", "driver:come_back", "driver:move_earlier", "driver:best_order",
        "counter:park", "counter:discard", "counter:hand_to", "counter:remove_line", "storefront:drop_change",
        "storefront:pay_on_receipt", "office:order_reception", "office:cancel_reception", "office:withdraw_voucher",
        "office:end_substitution", "counter:unblock", "counter:let_through",
    },
    "sets values, twice the same": {
        "counter:reprice", "counter:close_web", "counter:reopen_web", "counter:use_voucher", "storefront:use_voucher",
        "storefront:set_quantity", "storefront:quiet", "driver:position", "driver:share_position", "driver:stop_sharing",
        "office:set_threshold", "office:settings", "office:forget_day", "office:set_holidays", "office:set_roles",
        "office:set_pin", "office:change_device", "office:supplier", "office:reception", "office:count_stock",
        "devices:own_pin", "books:set_training",
    },
    "opens a session or a draft that nobody is bound by": {
        "counter:begin", "counter:add_line", "storefront:add", "storefront:product", "storefront:change",
        "storefront:order_again", "office:new_supplier", "office:new_reception", "office:take_suggestion",
        "devices:pair", "devices:operator", "devices:password", "devices:lock", "office:devices", "office:renew_code",
    },
    "says again what was said, each time on record": {
        "counter:give_receipt", "counter:receipt_pdf", "counter:mail_receipt", "office:invite_again",
        "books:verify", "books:practise",
    },
}  # fmt: skip
ANY = {"int": "1", "uuid": str(uuid.UUID(int=1)), "slug": "reine", "str": "x"}


def test_no_form_is_forgotten(shop):
    client, taking = client_of(shop), set()
    for name, path in SHOP_ADDRESSES.items():
        if name.startswith((":", "accounts")):
            continue
        address = re.sub(r"<(\w+):\w+>", lambda match: ANY[match[1]], path)
        if "POST" in client.options(address).headers.get("Allow", ""):
            taking.add(name)
    known = TAPPED.union(*HARMLESS.values())
    assert taking - known == set()
    assert known - taking == set()
