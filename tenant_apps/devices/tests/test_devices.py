import datetime as dt
import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import PASSWORD, ask, check_invariants, place
from shared_apps.accounts import services as accounts
from shared_apps.accounts.models import AuditEntry, Membership, Role
from shared_apps.accounts.permissions import Purpose
from tenant_apps.devices import queries, secrets
from tenant_apps.devices.models import Device, Pin
from tenant_apps.devices.services import pairing, pins, throttling
from tenant_apps.orders.models import Order, OrderEvent
from tenant_apps.stock.models import Movement


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def take(browser, order, **sent):
    return browser.post(f"/cuisine/bons/{order.pk}/prendre/", sent)


def state(shop, order) -> str:
    with schema_context(shop.schema_name):
        order.refresh_from_db()
    return order.state


def test_the_manager_gives_a_code_and_the_tablet_that_types_it_stays_signed_in(shop, make_staff, visit):
    manager, tablet = visit(shop, make_staff(Role.MANAGER, shop)), visit(shop, make_staff(Role.MANAGER, shop))
    page = text_of(manager.post("/gestion/reglages/appareils/", {"name": "Four", "purpose": "kitchen"}))
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page)[0]
    assert code not in text_of(manager.get("/gestion/reglages/appareils/"))
    answer = tablet.post("/appareil/", {"code": code.lower()})
    assert answer["Location"] == "/cuisine/"
    cookie = answer.cookies[settings.DEVICE_COOKIE]
    assert (cookie["httponly"], cookie["domain"], cookie["samesite"]) == (True, "", "Lax")
    assert settings.SESSION_COOKIE_NAME not in tablet.cookies or not tablet.cookies[settings.SESSION_COOKIE_NAME].value
    assert tablet.get("/cuisine/").status_code == 200
    assert tablet.get("/gestion/")["Location"].startswith(
        "/appareil/operateur/"
    )  # whoever was signed in is not any more
    assert visit(shop).post("/appareil/", {"code": code}).status_code == 422  # once
    assert [entry.subject for entry in AuditEntry.objects.filter(act="devices")] == ["Four"]
    with schema_context(shop.schema_name):
        kept = Device.objects.get()
        assert cookie.value not in (kept.token_digest, kept.code_digest)


def test_a_device_of_the_dispatch_opens_on_its_station(shop, visit):
    _device, code = pairing.add(shop=shop, name="Passe", purpose=Purpose.DISPATCH, by_id=None, now=timezone.now())
    assert visit(shop).post("/appareil/", {"code": code})["Location"] == "/cuisine/?poste=expedition"


def test_a_code_is_over_after_ten_minutes(shop, visit):
    then = timezone.now() - pairing.CODE_LASTS - dt.timedelta(seconds=1)
    _device, code = pairing.add(shop=shop, name="Four", purpose=Purpose.KITCHEN, by_id=None, now=then)
    assert visit(shop).post("/appareil/", {"code": code}).status_code == 422


def test_codes_are_not_guessed_at_leisure(shop, visit):
    browser = visit(shop)
    for _try in range(throttling.PAIRING.free + 1):
        browser.post("/appareil/", {"code": "AAAA-AAAA"})
    assert "Trop d’essais faux" in text_of(browser.post("/appareil/", {"code": "AAAA-AAAA"}))


def test_a_locked_tablet_shows_the_tickets_and_asks_who_acts(shop, pair, hire):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    cook, pin = hire(shop, Role.COOK)
    assert f'id="ticket-{order.pk}"' in text_of(tablet.get("/cuisine/"))
    asked = take(tablet, order)
    assert (asked.status_code, state(shop, order)) == (401, "accepted")
    assert f'action="/cuisine/bons/{order.pk}/prendre/"' in text_of(asked)
    assert take(tablet, order, operator_pin=pin).status_code == 302
    assert state(shop, order) == "preparing"
    with schema_context(shop.schema_name):
        event = OrderEvent.objects.filter(order=order).last()
        assert (event.actor_id, event.detail["device"]) == (cook.pk, Device.objects.get().pk)
        assert Movement.objects.filter(order=order, reason="consumption").first().actor_id == cook.pk
    assert tablet.post(f"/cuisine/bons/{order.pk}/pret/").status_code == 302  # asked once
    check_invariants()


def test_the_dialog_sends_the_act_again_with_the_pin_and_what_it_was_sent_with(shop, pair, hire):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    htmx = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "tickets"}
    asked = tablet.post(f"/cuisine/bons/{order.pk}/prendre/", {"why": "l’heure"}, **htmx)
    assert (asked.status_code, asked["HX-Retarget"]) == (401, "#operator-dialog")
    page = text_of(asked)
    assert 'hx-target="#tickets"' in page
    assert 'name="why" value="l’heure"' in page
    pin = hire(shop, Role.COOK)[1]
    done = tablet.post(f"/cuisine/bons/{order.pk}/prendre/", {"operator_pin": pin}, **htmx)
    assert (done.status_code, done["HX-Trigger"]) == (200, "operator")


def test_an_act_sent_twice_with_its_pin_is_done_once(shop, pair, hire):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    pin = hire(shop, Role.COOK)[1]
    assert take(tablet, order, operator_pin=pin).status_code == 302
    assert take(tablet, order, operator_pin=pin).status_code == 409
    with schema_context(shop.schema_name):
        assert OrderEvent.objects.filter(order=order, to_state="preparing").count() == 1


def test_where_each_act_asks_the_pin_does_not_open_the_device(shop, pair, hire):
    orders = [place(shop, ask("margherita")) for _order in range(2)]
    tablet, _device = pair(shop, asks_each_time=True)
    (first, first_pin), (second, second_pin) = hire(shop, Role.COOK), hire(shop, Role.COOK)
    assert take(tablet, orders[0], operator_pin=first_pin).status_code == 302
    assert take(tablet, orders[1]).status_code == 401
    assert take(tablet, orders[1], operator_pin=second_pin).status_code == 302
    with schema_context(shop.schema_name):
        events = OrderEvent.objects.filter(to_state="preparing").order_by("id")
        assert [event.actor_id for event in events] == [first.pk, second.pk]


def test_a_wrong_pin_does_nothing_and_the_next_ones_wait_longer_and_longer(shop, pair, hire):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    pin = hire(shop, Role.COOK)[1]
    for _try in range(throttling.DEVICE.free + 1):
        assert "n’est celui de personne" in text_of(take(tablet, order, operator_pin="9071"))
    refused = text_of(
        take(tablet, order, operator_pin=pin)
    )  # the right one waits too: it tells nobody that it is right
    assert "attendez 10 secondes" in refused
    assert pin not in refused
    assert state(shop, order) == "accepted"
    with schema_context(shop.schema_name):
        first = throttling.Throttle.objects.get(key__startswith="device:")
        later = first.blocked_until_at + dt.timedelta(seconds=1)
        throttling.count(first, throttling.DEVICE, later)
        assert first.blocked_until_at - later == dt.timedelta(seconds=30)
        throttling.count(first, throttling.DEVICE, later + dt.timedelta(hours=2))  # time forgives
        assert first.failures == 1


def test_ones_own_pin_does_not_forgive_wrong_ones(shop, pair, hire):
    tablet, _device = pair(shop)
    pin = hire(shop, Role.COOK)[1]
    for tried in ("9071", "9072", pin, "9073", "9074"):
        tablet.post("/appareil/operateur/", {"operator_pin": tried})
    assert "Trop d’essais faux" in text_of(tablet.post("/appareil/operateur/", {"operator_pin": pin}))


def test_the_manager_reads_where_pins_were_guessed(shop, pair, make_staff, visit):
    tablet, _device = pair(shop)
    office = visit(shop, make_staff(Role.MANAGER, shop))
    for tried in ("9071", "9072"):
        tablet.post("/appareil/operateur/", {"operator_pin": tried})
    assert "faux" not in text_of(office.get("/gestion/reglages/appareils/"))  # anybody mistypes
    for tried in ("9073", "9074"):
        tablet.post("/appareil/operateur/", {"operator_pin": tried})
    page = text_of(office.get("/gestion/reglages/appareils/"))
    assert "4 codes PIN faux récemment, le dernier aujourd’hui à" in page
    assert "Il n’en accepte aucun jusqu’à" in page
    with schema_context(shop.schema_name):
        assert not queries.guesses(timezone.now() + dt.timedelta(days=2))


def test_many_devices_guess_no_more_than_one_for_long(shop, pair):
    with schema_context(shop.schema_name):
        for number in range(throttling.SHOP.free + 1):
            (counter,) = throttling.open_for(["shop"], timezone.now())
            throttling.count(counter, throttling.SHOP, timezone.now())
            assert counter.failures == number + 1
    fresh, _device = pair(shop)
    assert "Trop d’essais faux" in text_of(fresh.post("/appareil/operateur/", {"operator_pin": "9071"}))


def test_somebody_else_takes_over_in_one_pin(shop, pair, hire):
    tablet, device = pair(shop, Purpose.COUNTER)
    (first, first_pin), (second, second_pin) = hire(shop, Role.COUNTER), hire(shop, Role.COUNTER)
    for user, pin in ((first, first_pin), (second, second_pin)):
        assert (
            tablet.post("/appareil/operateur/", {"operator_pin": pin, "next": "/comptoir/"})["Location"] == "/comptoir/"
        )
        with schema_context(shop.schema_name):
            device.refresh_from_db()
        assert device.operator_id == user.pk
        assert tablet.get("/comptoir/").status_code == 200


def test_a_till_that_nobody_touches_locks_and_shows_nothing(shop, pair, hire):
    tablet, device = pair(shop, Purpose.COUNTER)
    order = place(shop, ask("margherita"))
    tablet.post("/appareil/operateur/", {"operator_pin": hire(shop, Role.COUNTER)[1]})
    assert order.contact_name in text_of(tablet.get("/comptoir/"))
    with schema_context(shop.schema_name):
        Device.objects.update(operator_seen_at=timezone.now() - dt.timedelta(minutes=device.lock_minutes, seconds=1))
    assert tablet.get("/comptoir/")["Location"] == "/appareil/operateur/?next=%2Fcomptoir%2F"
    assert tablet.get("/comptoir/liste/", HTTP_X_LIVE_REGION="1").status_code == 302


def test_what_the_page_fetches_by_itself_does_not_keep_it_open(shop, pair, hire):
    tablet, _device = pair(shop)
    tablet.post("/appareil/operateur/", {"operator_pin": hire(shop, Role.COOK)[1]})
    then = timezone.now() - dt.timedelta(minutes=5)
    for touched in (False, True):
        with schema_context(shop.schema_name):
            Device.objects.update(operator_seen_at=then)
        tablet.get("/cuisine/bons/", **({} if touched else {"HTTP_X_LIVE_REGION": "1"}))
        tablet.post("/cuisine/bons/recus/", {"numbers": ""}) if not touched else None
        with schema_context(shop.schema_name):
            assert (Device.objects.get().operator_seen_at > then) is touched


def test_locking_is_a_touch(shop, pair, hire):
    tablet, _device = pair(shop, Purpose.COUNTER)
    tablet.post("/appareil/operateur/", {"operator_pin": hire(shop, Role.COUNTER)[1]})
    tablet.post("/appareil/verrouiller/")
    assert tablet.get("/comptoir/").status_code == 302


def test_a_locked_kitchen_tells_which_tickets_it_shows(shop, pair):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    assert tablet.post("/cuisine/bons/recus/", {"numbers": str(order.pk)}).status_code == 204
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).received_at


def test_whoever_is_dismissed_opens_nothing_from_the_next_request_on(shop, pair, hire):
    orders = [place(shop, ask("margherita")) for _order in range(2)]
    tablet, _device = pair(shop)
    cook, pin = hire(shop, Role.COOK)
    take(tablet, orders[0], operator_pin=pin)
    with schema_context("public"):
        accounts.set_roles(user_id=cook.pk, roles=[], pizzeria_id=shop.id, by_id=None)
    assert take(tablet, orders[1]).status_code == 401
    assert "n’est celui de personne" in text_of(take(tablet, orders[1], operator_pin=pin))
    assert state(shop, orders[1]) == "accepted"


def test_a_closed_account_is_dismissed(shop, pair, hire):
    tablet, _device = pair(shop)
    cook, pin = hire(shop, Role.COOK)
    with schema_context("public"):
        type(cook).objects.filter(pk=cook.pk).update(is_active=False)
    assert tablet.post("/appareil/operateur/", {"operator_pin": pin}).status_code == 422


def test_a_revoked_device_is_nobodys_at_once(shop, pair, hire, make_staff, visit):
    order = place(shop, ask("margherita"))
    tablet, device = pair(shop)
    pin = hire(shop, Role.COOK)[1]
    tablet.post("/appareil/operateur/", {"operator_pin": pin})
    visit(shop, make_staff(Role.MANAGER, shop)).post(f"/gestion/reglages/appareils/{device.pk}/revoquer/")
    assert take(tablet, order, operator_pin=pin).status_code == 404
    assert state(shop, order) == "accepted"
    assert "n’est pas associé" in text_of(take(tablet, order)) or tablet.get("/cuisine/").status_code == 302


def test_a_device_that_nobody_used_for_a_month_is_forgotten(shop, pair):
    tablet, _device = pair(shop, last_seen_at=timezone.now() - dt.timedelta(days=31))
    assert tablet.get("/cuisine/").status_code == 404


def test_a_device_of_another_shop_is_not_there(shop, neighbour, pair, hire, visit):
    order = place(shop, ask("margherita"))
    stranger, _device = pair(neighbour)
    pin = hire(neighbour, Role.COOK)[1]
    moved = visit(shop)
    moved.cookies[settings.DEVICE_COOKIE] = stranger.cookies[settings.DEVICE_COOKIE].value
    assert moved.get("/cuisine/").status_code == 404
    moved.cookies[settings.DEVICE_COOKIE] = stranger.cookies[settings.DEVICE_COOKIE].value
    assert take(moved, order, operator_pin=pin).status_code == 404
    assert state(shop, order) == "accepted"


def test_the_same_pin_is_two_people_in_two_shops(shop, neighbour, pair, make_staff):
    here, there = make_staff(Role.COOK, shop), make_staff(Role.COOK, neighbour)
    for place_of_work, user in ((shop, here), (neighbour, there)):
        with schema_context(place_of_work.schema_name):
            pins.set_pin(shop=place_of_work, user_id=user.pk, pin="8264", by_id=user.pk, now=timezone.now())
    tablet, device = pair(shop)
    tablet.post("/appareil/operateur/", {"operator_pin": "8264"})
    with schema_context(shop.schema_name):
        device.refresh_from_db()
        assert device.operator_id == here.pk
        mine = Pin.objects.get().digest
    with schema_context(neighbour.schema_name):
        assert Pin.objects.get().digest != mine


def test_a_pin_opens_no_office_and_a_password_does_until_the_device_locks(shop, pair, hire):
    tablet, device = pair(shop, Purpose.COUNTER)
    manager, pin = hire(shop, Role.MANAGER)
    tablet.post("/appareil/operateur/", {"operator_pin": pin})
    assert tablet.get("/comptoir/").status_code == 200
    assert tablet.get("/gestion/")["Location"].startswith("/appareil/mot-de-passe/")
    assert "/gestion/" not in text_of(tablet.get("/comptoir/"))
    sent = {"email": manager.email, "password": "pas-le-bon"}
    assert tablet.post("/appareil/mot-de-passe/", sent).status_code == 422
    answer = tablet.post("/appareil/mot-de-passe/", sent | {"password": PASSWORD, "next": "/gestion/"})
    assert answer["Location"] == "/gestion/"
    assert tablet.get("/gestion/").status_code == 200
    assert settings.SESSION_COOKIE_NAME not in tablet.cookies  # nothing stays on the device, nor opens the group's host
    with schema_context(shop.schema_name):
        Device.objects.update(operator_seen_at=timezone.now() - dt.timedelta(minutes=device.lock_minutes))
    assert tablet.get("/gestion/").status_code == 302


def test_on_a_device_too_a_manager_types_the_code_of_their_phone(shop, pair, make_staff, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    tablet, _device = pair(shop, Purpose.COUNTER)
    manager = make_staff(Role.MANAGER, shop)
    sent = {"email": manager.email, "password": PASSWORD, "next": "/gestion/"}
    assert "codes d’un téléphone" in text_of(tablet.post("/appareil/mot-de-passe/", sent))
    with schema_context("public"):
        TOTP.activate(manager, "JBSWY3DPEHPK3PXP")
    assert tablet.post("/appareil/mot-de-passe/", sent).status_code == 422
    now = int(time.time()) // 30
    right = {format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", now + step)) for step in (-2, -1, 0, 1, 2)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)
    assert tablet.post("/appareil/mot-de-passe/", sent | {"code": wrong}).status_code == 422
    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", now))
    assert tablet.post("/appareil/mot-de-passe/", sent | {"code": code})["Location"] == "/gestion/"
    assert tablet.get("/gestion/").status_code == 200


def test_head_office_and_customers_do_not_open_a_device(shop, pair, make_staff):
    tablet, _device = pair(shop)
    for user in (make_staff(Role.HEAD_OFFICE), make_staff(None)):
        sent = {"email": user.email, "password": PASSWORD}
        assert tablet.post("/appareil/mot-de-passe/", sent).status_code == 422


def test_the_group_knows_no_device_and_a_device_signs_in_its_own_way(shop, pair, visit):
    tablet, _device = pair(shop)
    moved = visit()
    moved.cookies[settings.DEVICE_COOKIE] = tablet.cookies[settings.DEVICE_COOKIE].value
    assert moved.get("/siege/")["Location"].startswith("/compte/connexion/")
    assert tablet.get("/compte/connexion/?next=/gestion/")["Location"] == "/appareil/mot-de-passe/?next=%2Fgestion%2F"


@pytest.mark.parametrize("pin", ["1111", "1234", "6543", "123", "1234567", "12a4", "", "１２５８"])
def test_pins_that_are_none_or_tried_first_are_refused(pin):
    with pytest.raises(secrets.WeakPin):
        secrets.check_pin(pin)


def test_somebody_chooses_their_pin_and_is_not_told_whose_another_is(shop, pair, hire, make_staff, visit):
    _other, taken = hire(shop, Role.COOK)
    mine = visit(shop, make_staff(Role.DRIVER, shop))
    page = text_of(mine.post("/appareil/mon-code/", {"pin": taken}))
    assert "choisissez-en un autre" in page
    assert taken not in page
    assert mine.post("/appareil/mon-code/", {"pin": "7391"}).status_code == 302
    for tried in range(7401, 7405):
        mine.post("/appareil/mon-code/", {"pin": str(tried)})
    assert "Trop d’essais" in text_of(mine.post("/appareil/mon-code/", {"pin": "7410"}))
    assert "7391" not in str(list(AuditEntry.objects.filter(act="pins").values()))


def test_the_manager_sets_and_removes_a_pin_which_locks_what_it_opened(shop, pair, hire, make_staff, visit):
    order = place(shop, ask("margherita"))
    tablet, _device = pair(shop)
    cook, pin = hire(shop, Role.COOK)
    tablet.post("/appareil/operateur/", {"operator_pin": pin})
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    manager.post(f"/gestion/reglages/equipe/{cook.pk}/code/", {"pin": "5028"})
    assert take(tablet, order).status_code == 401
    assert take(tablet, order, operator_pin="5028").status_code == 302
    manager.post(f"/gestion/reglages/equipe/{cook.pk}/code/", {"remove": "1"})
    assert take(tablet, order).status_code == 401
    assert "n’est celui de personne" in text_of(take(tablet, order, operator_pin="5028"))


def test_a_stranger_gets_no_pin_here(shop, neighbour, make_staff, visit):
    stranger = make_staff(Role.COOK, neighbour)
    visit(shop, make_staff(Role.MANAGER, shop)).post(f"/gestion/reglages/equipe/{stranger.pk}/code/", {"pin": "5028"})
    with schema_context(shop.schema_name):
        assert not Pin.objects.exists()


def test_a_personal_session_goes_on_working_beside_devices(shop, make_staff, visit):
    order = place(shop, ask("margherita"))
    cook = make_staff(Role.COOK, shop)
    assert take(visit(shop, cook), order).status_code == 302
    with schema_context(shop.schema_name):
        event = OrderEvent.objects.filter(order=order).last()
    assert (event.actor_id, event.detail) == (cook.pk, {})


def test_a_device_asks_for_its_operator_in_one_statement(shop, pair, hire, django_assert_num_queries):
    tablet, _device = pair(shop)
    tablet.post("/appareil/operateur/", {"operator_pin": hire(shop, Role.COOK)[1]})
    place(shop, ask("margherita"))
    with django_assert_num_queries(6):  # device with operator and roles; settings, orders, their lines, later, ready
        tablet.get("/cuisine/bons/", HTTP_X_LIVE_REGION="1")


def test_a_device_is_renamed_and_it_is_kept_who_did(shop, pair, make_staff, visit):
    _tablet, device = pair(shop)
    manager = make_staff(Role.MANAGER, shop)
    sent = {f"{device.pk}-name": "Four", f"{device.pk}-lock_minutes": "3", f"{device.pk}-asks_each_time": "on"}
    assert visit(shop, manager).post(f"/gestion/reglages/appareils/{device.pk}/", sent).status_code == 302
    with schema_context(shop.schema_name):
        device.refresh_from_db()
    assert (device.name, device.lock_minutes, device.asks_each_time) == ("Four", 3, True)
    entry = AuditEntry.objects.filter(act="devices").first()
    assert (entry.actor_id, entry.before["name"], entry.after["name"]) == (manager.pk, "Tablette", "Four")


def test_no_membership_no_board(shop, pair, hire):
    """A role that is not of this page: refused, as in a session."""
    tablet, _device = pair(shop, Purpose.COUNTER)
    driver, pin = hire(shop, Role.DRIVER)
    assert Membership.objects.filter(user=driver).count() == 1
    tablet.post("/appareil/operateur/", {"operator_pin": pin})
    assert tablet.get("/comptoir/").status_code == 403
    assert tablet.get("/livraisons/").status_code == 200
