import re
import uuid

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COUNTER, ask, place
from shared_apps.accounts.models import Role
from tenant_apps.counter.tests.test_counter import payments, ready, text_of
from tenant_apps.drawer.models import DrawerSession
from tenant_apps.orders.services import settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.payments.models import CreditNote, Payment, Refund


@pytest.fixture
def counter(shop, make_staff, visit):
    return visit(shop, make_staff(Role.COUNTER, shop))


def act() -> str:
    return str(uuid.uuid4())


def pay(counter, order, **sent):
    return counter.post(f"/comptoir/{order.pk}/encaisser/", {"submission": act(), **sent}, follow=True)


def test_the_change_is_said_in_large_and_kept(shop, counter):
    order = ready(shop, ask("margherita"))
    page = text_of(pay(counter, order, means="cash", tendered="20", tip="1"))
    assert re.search(r'class="notice good large[^"]*"[^>]*>À rendre : 9,10 €', page)
    assert "20,00 € reçus, 9,10 € rendus" in page
    assert "pourboire de 1,00 €" in page


def test_a_means_pays_all_that_it_may_when_no_sum_is_typed(shop, counter):
    order = ready(shop, ask("margherita", 3))
    assert "25,00 € proposés, 29,70 € au plus" in text_of(counter.get(f"/comptoir/{order.pk}/"))
    pay(counter, order, means="voucher_card")
    pay(counter, order, means="card_terminal")
    assert payments(shop) == [("voucher_card", 2500), ("card_terminal", 470)]


def test_more_than_25_euros_in_vouchers_is_warned_of_and_taken(shop, counter):
    order = ready(shop, ask("margherita", 3))
    page = text_of(pay(counter, order, means="voucher_card", amount="29,70"))
    assert "Plus de 25,00 € en titres-restaurant" in page
    assert payments(shop) == [("voucher_card", 2970)]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"means": "cash", "tendered": "5"}, "C’est moins que ce qu’il faut payer"),
        ({"means": "credit_note", "credit_code": "AAAA"}, "pas d’avoir à ce code"),
        ({"means": "cash", "amount": "10"}, "compris entre 0,01 € et 9,90 €"),
        ({"means": "online_card"}, "Sélectionnez un choix valide"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(shop, counter, sent, words):
    order = ready(shop, ask("margherita"))
    answer = pay(counter, order, **sent)
    assert (answer.status_code, payments(shop)) == (422, [])
    assert words in text_of(answer)


def sold(shop, *lines):
    order = ready(shop, *lines)
    tender = Tender(Payment.Means.CARD_TERMINAL, uuid.uuid4())
    with schema_context(shop.schema_name):
        settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())
    return order


def test_lines_are_paid_back_from_the_page_of_the_order(shop, counter):
    order = sold(shop, ask("margherita", 2), ask("cola-33cl", size=None))
    with schema_context(shop.schema_name):
        pizza, drink = order.lines.all()
    sent = {
        f"line-{pizza.pk}": "1", f"fate-{pizza.pk}": "wasted", f"line-{drink.pk}": "1", f"fate-{drink.pk}": "returned",
        "reason": "renversée", "submission": act(),
    }  # fmt: skip
    page = text_of(counter.post(f"/comptoir/{order.pk}/rembourser/", sent, follow=True))
    assert "À rendre : Carte bancaire 12,10 €" in page
    assert "renversée" in page
    with schema_context(shop.schema_name):
        assert Refund.objects.get().amount_cents == 990 + 220


def test_beyond_its_limit_the_counter_asks_the_manager(shop, counter, make_staff, visit):
    order = sold(shop, ask("margherita", 3))
    with schema_context(shop.schema_name):
        line = order.lines.get().pk
    sent = {f"line-{line}": "3", f"fate-{line}": "kept", "reason": "froides", "submission": act()}
    answer = counter.post(f"/comptoir/{order.pk}/rembourser/", sent)
    assert (answer.status_code, "le responsable" in text_of(answer)) == (409, True)
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    assert manager.post(f"/comptoir/{order.pk}/rembourser/", sent).status_code == 302


def test_what_a_cancelled_order_had_paid_is_given_back_on_its_page(shop, counter):
    order = place(shop, ask("margherita"), paid=Tender(Payment.Means.CASH, uuid.uuid4()))
    counter.post(f"/comptoir/{order.pk}/annuler/", {"reason": "erreur"})
    assert "9,90 € à rendre" in text_of(counter.get(f"/comptoir/{order.pk}/"))
    sent = {"reason": "Commande annulée", "submission": act()}
    page = text_of(counter.post(f"/comptoir/{order.pk}/rendre/", sent, follow=True))
    assert "À rendre : Espèces 9,90 €" in page
    assert "9,90 € à rendre" not in page


def test_a_credit_note_given_by_hand_shows_its_code_once(shop, counter):
    page = text_of(counter.post("/comptoir/avoirs/", {"amount": "5", "reason": "attente", "submission": act()}))
    with schema_context(shop.schema_name):
        note = CreditNote.objects.get()
    assert (note.code in page, note.initial_cents) == (True, 500)
    assert note.code not in text_of(counter.get("/comptoir/avoirs/"))
    refused = counter.post("/comptoir/avoirs/", {"amount": "50", "reason": "attente", "submission": act()})
    assert (refused.status_code, "le responsable" in text_of(refused)) == (422, True)


def test_the_drawer_is_opened_moved_counted_and_handed_over(shop, counter, make_staff):
    colleague = make_staff(Role.COUNTER, shop)
    counter.post("/comptoir/caisse/ouvrir/", {"float_cents": "50"})
    moved = {"kind": "taken_out", "amount": "20", "reason": "coffre", "submission": act()}
    assert "coffre" in text_of(counter.post("/comptoir/caisse/mouvement/", moved, follow=True))
    counted = {"piece-1000": "2", "next": colleague.pk}
    refused = counter.post("/comptoir/caisse/compter/", counted)
    assert (refused.status_code, "-10,00 €" in text_of(refused)) == (422, True)
    assert 'value="2"' in text_of(refused)
    counter.post("/comptoir/caisse/compter/", counted | {"piece-500": "2"})
    with schema_context(shop.schema_name):
        held = DrawerSession.objects.get(closed_at=None)
    assert (held.operator_id, held.float_cents) == (colleague.pk, 3000)


def test_only_the_manager_reads_what_the_drawer_should_hold(shop, counter, make_staff, visit):
    counter.post("/comptoir/caisse/ouvrir/", {"float_cents": "50"})
    assert "attendus" not in text_of(counter.get("/comptoir/caisse/"))
    assert "50,00 € attendus" in text_of(visit(shop, make_staff(Role.MANAGER, shop)).get("/comptoir/caisse/"))
