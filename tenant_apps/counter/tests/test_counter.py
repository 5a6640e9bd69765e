import uuid

from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, ask, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.delivery.tests.doors import press
from tenant_apps.orders.services import kitchen
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment


def ready(shop, *lines, **changes):
    order = place(shop, *lines, **changes)
    with schema_context(shop.schema_name):
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
        return kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())


def payments(shop):
    with schema_context(shop.schema_name):
        return [(payment.means, payment.amount_cents) for payment in Payment.objects.order_by("id")]


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_a_collected_order_is_paid_and_handed_over_in_one_act(shop, make_staff, visit):
    order = ready(shop, ask("margherita", 2))
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    assert "19,80 € à encaisser" in text_of(counter.get("/comptoir/"))
    sent = {"means": "cash", "submission": str(uuid.uuid4())}
    for _ in range(2):  # a double tap
        counter.post(f"/comptoir/{order.pk}/remettre/", sent)
    assert payments(shop) == [("cash", 1980)]
    assert "Remise" in text_of(counter.get("/comptoir/?voir=terminees"))


def test_several_means_sum_to_the_total(shop, make_staff, visit):
    order = ready(shop, ask("margherita", 2))
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    pay = f"/comptoir/{order.pk}/encaisser/"
    counter.post(pay, {"means": "voucher_card", "amount": "11,00", "submission": str(uuid.uuid4())})
    assert "8,80 € à encaisser" in text_of(counter.get(f"/comptoir/{order.pk}/"))
    counter.post(pay, {"means": "cash", "amount": "8,80", "submission": str(uuid.uuid4())})
    assert payments(shop) == [("voucher_card", 1100), ("cash", 880)]


def test_more_than_what_is_due_is_refused_in_words(shop, make_staff, visit):
    order = ready(shop, ask("margherita"))
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    sent = {"means": "cash", "amount": "10,00", "submission": str(uuid.uuid4())}
    answer = counter.post(f"/comptoir/{order.pk}/encaisser/", sent)
    assert answer.status_code == 422
    assert "compris entre 0,01 € et 9,90 €" in text_of(answer)
    assert payments(shop) == []


def test_nothing_leaves_unpaid(shop, make_staff, visit):
    order = ready(shop, ask("margherita"))
    answer = visit(shop, make_staff(Role.COUNTER, shop)).post(f"/comptoir/{order.pk}/remettre/")
    assert answer.status_code == 409
    assert "Il reste 9,90 € à payer" in text_of(answer)


def test_the_counter_cancels_what_the_kitchen_has_not_and_only_a_manager_the_rest(shop, make_staff, visit):
    counter, manager = visit(shop, make_staff(Role.COUNTER, shop)), visit(shop, make_staff(Role.MANAGER, shop))
    waiting, cooked = place(shop, ask("margherita")), ready(shop, ask("margherita"))
    assert counter.post(f"/comptoir/{waiting.pk}/annuler/", {"reason": "erreur"}).status_code == 302
    assert counter.post(f"/comptoir/{cooked.pk}/annuler/", {"reason": "erreur"}).status_code == 409
    assert manager.post(f"/comptoir/{cooked.pk}/annuler/", {"reason": "client absent"}).status_code == 302
    assert "client absent" in text_of(manager.get(f"/comptoir/{cooked.pk}/"))


def test_a_driver_leaves_comes_back_and_delivers(shop, make_staff, visit):
    home = Contact("Camille", "+33612345678", street="3 rue Nationale", postcode="59000", city="Lille",
                   details="2e étage, code 12B", latitude=50.637, longitude=3.063)  # fmt: skip
    ready(shop, ask("margherita", 2), wishes=Wishes(ServiceMode.DELIVERY), contact=home)
    driver = visit(shop, make_staff(Role.DRIVER, shop))
    press(driver, "/commencer/$", float_cents="30,00")
    press(driver, "/prendre/$")
    page = text_of(driver.get("/livraisons/"))
    for words in (
        "3 rue Nationale",
        "2e étage, code 12B",
        "22,70 € à encaisser",
        "tel:+33612345678",
        "destination=50.637",
    ):
        assert words in page
    for act in ("parti", "retour", "prendre", "parti", "arrive"):
        assert press(driver, f"/{act}/$").status_code == 302
    press(driver, "/livre/$", means="cash", tendered="30", tip="1,30")
    with schema_context(shop.schema_name):
        payment = Payment.objects.get()
        assert (payment.amount_cents, payment.change_cents, payment.tip.amount_cents) == (2270, 600, 130)
    assert "Aucune livraison" in text_of(driver.get("/livraisons/"))


def test_the_list_asks_as_much_for_one_order_as_for_many(shop, make_staff, visit, django_assert_num_queries):
    counter = visit(shop, make_staff(Role.COUNTER, shop))
    ready(shop, ask("reine"))
    counter.get("/comptoir/liste/")
    with django_assert_num_queries(5) as few:
        counter.get("/comptoir/liste/")
    for _ in range(4):
        ready(shop, ask("reine"), ask("orientale"))
    with django_assert_num_queries(len(few)):
        counter.get("/comptoir/liste/")
