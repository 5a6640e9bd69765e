"""The driver's page: what to take, one stop at a time, the cash and its change, acts kept by the phone."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import MANAGER, ask
from shared_apps.accounts.models import Role
from tenant_apps.delivery.models import Act, Stop
from tenant_apps.delivery.tests.doors import give, press, ready, send_out
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import crediting


@pytest.fixture
def driver(shop, make_staff):
    return make_staff(Role.DRIVER, shop)


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_a_driver_takes_what_is_ready_once_on_shift(shop, driver, visit):
    order = ready(shop)
    phone = visit(shop, driver)
    assert "Commencez votre service pour prendre une livraison" in text_of(phone.get("/livraisons/"))
    assert phone.post(f"/livraisons/{order.pk}/prendre/").status_code == 409
    press(phone, "/commencer/$", float_cents="30,00")
    press(phone, "/prendre/$")
    page = text_of(phone.get("/livraisons/"))
    for words in ("1 rue Nationale", "1e étage, code 12B", "22,70 € à encaisser", "25,00 € : rendez 2,30 €",
                  "destination=50.637", "dir_action=navigate", "tel:+33612345678"):  # fmt: skip
        assert words in page
    press(phone, "/rendre/$")
    assert "Prêtes à partir" in text_of(phone.get("/livraisons/"))


def test_the_stops_come_one_after_the_other(shop, driver, visit):
    first, second = ready(shop), ready(shop, 3)
    send_out(shop, driver, first, second)
    phone = visit(shop, driver)
    page = text_of(phone.get("/livraisons/liste/"))
    assert page.index(f'data-number="{first.pk}"') < page.index(f'data-number="{second.pk}"')
    assert page.count("stop current") == 1
    press(phone, "/avant/$")
    page = text_of(phone.get("/livraisons/liste/"))
    assert page.index(f'data-number="{second.pk}"') < page.index(f'data-number="{first.pk}"')
    assert press(phone, "/arrive/$").status_code == 302
    assert press(phone, "/livre/$", means="cash", tendered="30,00").status_code == 302
    with schema_context(shop.schema_name):
        payment = Order.objects.get(pk=second.pk).payments.get()
        assert (payment.amount_cents, payment.tendered_cents) == (second.total_cents, 3000)


def test_a_meal_voucher_pays_a_part_and_the_rest_comes_with_it(shop, driver, visit):
    order = ready(shop, 0, ask("reine", 4))
    send_out(shop, driver, order)
    phone = visit(shop, driver)
    press(phone, "/arrive/$")
    press(phone, "/livre/$", means="voucher_paper", rest="cash")
    with schema_context(shop.schema_name):
        paid = dict(Order.objects.get(pk=order.pk).payments.values_list("means", "amount_cents"))
    assert paid.keys() == {"voucher_paper", "cash"}
    assert sum(paid.values()) == order.total_cents


def test_a_credit_note_pays_at_the_door_and_the_rest_comes_with_it(shop, driver, visit):
    order = ready(shop, 0, ask("reine", 2))
    send_out(shop, driver, order)
    with schema_context(shop.schema_name):
        note = crediting.issue(
            shop=shop, amount_cents=1000, reason="geste", submission=uuid.uuid4(), by=MANAGER, now=timezone.now()
        )
    phone = visit(shop, driver)
    press(phone, "/arrive/$")
    assert "avoir" in text_of(press(phone, "/livre/$", means="credit_note", credit_code="INCONNU", rest="cash"))
    with schema_context(shop.schema_name):
        assert not Order.objects.get(pk=order.pk).payments.exists()
    press(phone, "/livre/$", means="credit_note", credit_code=note.code.lower(), rest="cash")
    with schema_context(shop.schema_name):
        paid = dict(Order.objects.get(pk=order.pk).payments.values_list("means", "amount_cents"))
    assert paid == {"credit_note": 1000, "cash": order.total_cents - 1000}


def test_a_failure_needs_a_reason_and_is_brought_back(shop, driver, visit):
    order = ready(shop)
    send_out(shop, driver, order)
    phone = visit(shop, driver)
    assert press(phone, "/echec/$").status_code == 409
    press(phone, "/echec/$", reason="wrong_address", words="n’habite plus là")
    page = text_of(phone.get("/livraisons/"))
    assert f"Rapportez la n° {order.pk} (mauvaise adresse)" in page
    with schema_context(shop.schema_name):
        assert Stop.objects.get().state == "failed"


def test_what_the_phone_kept_is_answered_in_words_for_its_outbox(shop, driver, visit):
    order = ready(shop)
    round_ = send_out(shop, driver, order)
    stop, phone = round_.stops.get(), visit(shop, driver)
    made_at = (timezone.now() - dt.timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    address = f"/livraisons/tournees/{round_.pk}/arrets/{stop.pk}/livre/"
    sent = {"submission": str(uuid.uuid4()), "made_at": made_at, "means": "cash"}
    for _ in range(2):
        answer = phone.post(address, sent, HTTP_X_ACT="1")
        assert (answer.status_code, answer.json()) == (200, {"refused": ""})
    late = phone.post(address, {**sent, "submission": str(uuid.uuid4())}, HTTP_X_ACT="1")
    assert (late.status_code, "déjà" in late.json()["refused"]) == (409, True)
    unreadable = phone.post(address, {"submission": "x"}, HTTP_X_ACT="1")
    assert (unreadable.status_code, unreadable.json()["refused"]) == (409, "Cet acte est illisible.")
    with schema_context(shop.schema_name):
        assert Act.objects.filter(kind="delivered", refusal="").count() == 1


def test_a_colleague_does_not_act_in_this_round(shop, driver, make_staff, visit):
    round_ = give(shop, driver, ready(shop))
    other = visit(shop, make_staff(Role.DRIVER, shop))
    sent = {"submission": str(uuid.uuid4())}
    assert other.post(f"/livraisons/tournees/{round_.pk}/parti/", sent).status_code == 409
    assert other.post(f"/livraisons/tournees/{round_.pk}/meilleur-ordre/").status_code == 409


def test_the_page_asks_as_much_for_one_delivery_as_for_many(shop, driver, visit, django_assert_num_queries):
    phone = visit(shop, driver)
    send_out(shop, driver, ready(shop))
    phone.get("/livraisons/liste/")
    with django_assert_num_queries(11) as few:
        phone.get("/livraisons/liste/")
    with schema_context(shop.schema_name):
        give(shop, driver, *(ready(shop, number) for number in range(1, 4)))
        ready(shop, 4)
    with django_assert_num_queries(len(few)):
        phone.get("/livraisons/liste/")


def test_its_worker_is_a_script_for_drivers_only(shop, driver, visit):
    assert visit(shop).get("/livraisons/hors-ligne.js").status_code == 302
    answer = visit(shop, driver).get("/livraisons/hors-ligne.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert '"/livraisons/"' in text_of(answer)
