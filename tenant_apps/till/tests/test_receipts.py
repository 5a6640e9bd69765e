"""What a receipt says, and that giving it again is counted."""

import html
import re
import uuid
import zlib

import pytest
from django.conf import settings
from django.core import mail
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from conftest import COOK, COUNTER, MANAGER, ask, place
from shared_apps.accounts.models import Role
from shared_apps.baskets.services import AgreedPrice
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.money import euros
from shared_apps.core.templatetags.formats import clock, dated, percent
from tenant_apps.orders import receipts as bills
from tenant_apps.orders.models import RemakeReason
from tenant_apps.orders.services import kitchen, refunding, remaking, repricing, settlement
from tenant_apps.orders.services.refunding import Returned
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.printing import receipts as paper
from tenant_apps.printing.models import PrintJob
from tenant_apps.shop.models import ShopSettings
from tenant_apps.till import queries
from tenant_apps.till.models import Entry, Invoice
from tenant_apps.till.services import issuing
from tenant_apps.till.services.issuing import Buyer, InvoicedAlready, NotSoldYet
from tenant_apps.till.tests.test_journal import as_superuser, verify
from tenants.backend.base import OWNER
from tenants.roles import acting_as

CASH = Payment.Means.CASH
HOME = Contact("Camille Martin", "+33612345678", "camille@example.com", "3 rue Nationale", "59000", "Lille",
               "2e étage", 50.637, 3.063)  # fmt: skip


def pay(shop, order, **tender: object):
    settlement.take_payment(
        shop=shop, order_id=order.pk, tender=Tender(CASH, uuid.uuid4(), **tender), by=COUNTER, now=timezone.now()
    )


@pytest.fixture
def sold(shop):
    """Delivered, two rates and a fee, paid with a note of 50 €."""
    lines = (ask("margherita", 2), ask("cola-33cl", size=None))
    order = place(shop, *lines, wishes=Wishes(ServiceMode.DELIVERY), contact=HOME)
    pay(shop, order, tendered_cents=5000)
    return order


class Counter:
    """The counter's browser; between its visits the connection is in the shop again, as the tests want it."""

    def __init__(self, shop, client) -> None:
        self.shop, self.client = shop, client

    def get(self, path: str):
        return self._back(self.client.get(f"/comptoir/{path}"))

    def post(self, path: str, data=None, **options: object):
        return self._back(self.client.post(f"/comptoir/{path}", data, **options))

    def _back(self, answer):
        connection.set_schema(self.shop.schema_name)
        return answer


@pytest.fixture
def counter(shop, make_staff, visit) -> Counter:
    return Counter(shop, visit(shop, make_staff(Role.COUNTER, shop)))


def words_of(data: bytes) -> str:
    """The text of a PDF, from its own streams: letters between brackets, in Windows-1252."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        found += [
            re.sub(rb"\\([()\\])", rb"\1", part).decode("cp1252")
            for part in re.findall(rb"\(((?:\\.|[^\\)])*)\)", text)
        ]
    return " ".join(found)


def test_a_receipt_says_all_that_the_law_asks(shop, sold):
    receipt = queries.receipt(order_number=sold.number)
    assert receipt.seller_lines[0] == shop.legal_name
    assert (receipt.number, receipt.total_cents) == (1, sold.total_cents)
    assert [line.codes for line in receipt.lines] == ["B", "A", "A B"]
    assert sum(row.gross_cents for row in receipt.rates) == sold.total_cents
    assert all(row.net_cents + row.vat_cents == row.gross_cents for row in receipt.rates)
    assert receipt.paid == [
        ("Espèces", sold.total_cents),
        ("Espèces remises", 5000),
        ("Monnaie rendue", 5000 - sold.total_cents),
    ]
    assert receipt.signature[:8].upper() in receipt.foot[0]


def plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", html.unescape(text))


def required(shop, receipt) -> list[str]:
    """What the law and the rules of the domain ask of a receipt, whatever its form."""
    rates = [
        text
        for row in receipt.rates
        for text in (row.code, percent(row.rate), euros(row.net_cents), euros(row.vat_cents), euros(row.gross_cents))
    ]
    return [
        shop.name,
        shop.legal_name,
        shop.address,
        f"SIRET {shop.siret}",
        shop.vat_number,
        "Ticket n° 1",
        f"Commande n° {receipt.order_number}, livraison",
        f"{dated(receipt.at)}, {clock(receipt.at)}",
        "caisse n° 1",
        *(text for line in receipt.lines for text in (line.label, line.codes, euros(line.total_cents))),
        *rates,
        "Total TTC",
        euros(receipt.total_cents),
        "Espèces remises",
        "Monnaie rendue",
        f"Logiciel OC Pizza {settings.SOFTWARE_VERSION}",
        f"signature {receipt.short_signature}",
    ]


@pytest.mark.parametrize("medium", ["pdf", "paper", "page", "mail", "customer's page", "customer's pdf"])
def test_every_form_of_it_says_the_same(shop, sold, visit, counter, medium):
    """Given for the second time, so that each form counts it; but for what the customer opens, a copy."""
    issuing.issue(shop=shop, order_number=sold.number, medium="paper", operator="", now=timezone.now())
    counted = ["DUPLICATA n° 1", "Remis 2 fois"]
    if medium == "pdf":
        said = words_of(counter.post(f"{sold.number}/ticket.pdf").content)
    elif medium == "paper":
        receipt = issuing.issue(shop=shop, order_number=sold.number, medium="paper", operator="", now=timezone.now())
        said = re.sub(rb"\x1d[!B].|\x1bE.", b"", paper.render(receipt=receipt)).decode("cp1252", "ignore")
    elif medium == "page":
        said = counter.post(f"{sold.number}/ticket/remettre/").content.decode()
    elif medium == "mail":
        issuing.send(shop=shop, order_number=sold.number, address="x@example.com", operator="", now=timezone.now())
        said = mail.outbox[-1].body
        attached = words_of(mail.outbox[-1].attachments[0][1])
        assert "DUPLICATA" in attached
    else:
        counted, end = ["COPIE DU CLIENT"], "/" if medium == "customer's page" else ".pdf"
        answer = visit(shop).get(f"/commande/{sold.reference}/ticket{end}")
        connection.set_schema(shop.schema_name)
        said = words_of(answer.content) if end == ".pdf" else answer.content.decode()
    said = plain(said)
    receipt = queries.receipt(order_number=sold.number)
    missing = [text for text in [*required(shop, receipt), *counted] if plain(text) not in said]
    assert missing == []
    assert "Camille" not in said


def test_before_the_payment_it_is_provisional_and_nothing_is_sealed(shop, counter, visit):
    order = place(shop, ask("margherita"))
    bill = bills.provisional(shop=shop, order=order, now=timezone.now())
    assert (bill.number, bill.total_cents, bill.banners) == (None, 990, ["DOCUMENT PROVISOIRE"])
    page = counter.get(f"{order.number}/ticket/").content.decode()
    assert "DOCUMENT PROVISOIRE" in page
    assert "DOCUMENT PROVISOIRE" in words_of(counter.get(f"{order.number}/ticket.pdf").content)
    assert visit(shop).get(f"/commande/{order.reference}/ticket/").status_code == 404
    connection.set_schema(shop.schema_name)
    with pytest.raises(NotSoldYet):
        issuing.issue(shop=shop, order_number=order.number, medium="paper", operator="", now=timezone.now())
    assert not Entry.objects.exists()


def test_the_second_time_is_a_duplicata_sealed_and_counted(shop, sold):
    given = [
        issuing.issue(shop=shop, order_number=sold.number, medium="paper", operator="Karim", now=timezone.now())
        for _time in range(3)
    ]
    assert [receipt.banners for receipt in given] == [[], ["DUPLICATA n°\u00a01"], ["DUPLICATA n°\u00a02"]]
    entries = Entry.objects.filter(kind__in=("issue", "duplicata")).values_list(
        "kind", "receipt_number", "content__copy"
    )
    assert list(entries) == [("issue", 1, 0), ("duplicata", 1, 1), ("duplicata", 1, 2)]


def test_nothing_prints_unless_asked(shop, sold, counter):
    ShopSettings.objects.update(printer_address="127.0.0.1:9")
    assert not PrintJob.objects.filter(kind="receipt").exists()
    counter.get(f"{sold.number}/ticket/")
    assert not PrintJob.objects.filter(kind="receipt").exists()
    counter.post(f"{sold.number}/ticket/remettre/")
    job = PrintJob.objects.get(kind="receipt")
    again = counter.post(f"impressions/{job.pk}/reimprimer/")
    assert again.status_code == 409  # it would not be counted
    assert PrintJob.objects.filter(kind="receipt").count() == 1


def test_without_a_printer_the_browser_prints_what_was_sealed(shop, sold, counter):
    """Once for each time that it is asked: reloading the page asks again, and looking at it prints nothing."""
    first = counter.post(f"{sold.number}/ticket/remettre/").content.decode()
    assert "js/print" in first
    assert "DUPLICATA" not in first
    again = counter.post(f"{sold.number}/ticket/remettre/").content.decode()
    assert "DUPLICATA n°\u00a01" in again
    assert list(Entry.objects.filter(kind__in=("issue", "duplicata")).values_list("kind", flat=True)) == [
        "issue", "duplicata",
    ]  # fmt: skip
    for seen in (counter.get(f"{sold.number}/ticket/"), counter.get(f"{sold.number}/ticket/?imprimer")):
        page = seen.content.decode()
        assert "js/print" not in page
        assert 'class="off-paper" data-sealed' in page  # the browser's own print has nothing to print


def test_a_pdf_at_the_counter_is_a_receipt_given(shop, sold, counter):
    first = counter.post(f"{sold.number}/ticket.pdf")
    assert first["Content-Type"] == "application/pdf"
    assert "DUPLICATA" not in words_of(first.content)
    assert "DUPLICATA" in words_of(counter.post(f"{sold.number}/ticket.pdf").content)
    assert Entry.objects.filter(kind="duplicata", content__medium="pdf").count() == 1
    assert counter.get(f"{sold.number}/ticket.pdf").status_code == 302
    assert Entry.objects.filter(kind="duplicata").count() == 1


def test_what_the_customer_opens_online_says_that_it_is_a_copy(shop, sold, visit):
    for path in ("ticket/", "ticket.pdf"):
        answer = visit(shop).get(f"/commande/{sold.reference}/{path}")
        said = words_of(answer.content) if path == "ticket.pdf" else answer.content.decode()
        assert "COPIE DU CLIENT" in said


def test_the_address_of_a_receipt_is_kept_nowhere(shop, sold, counter):
    counter.post(f"{sold.number}/ticket/envoyer/", {"email": "inconnu@ailleurs.example"})
    (letter,) = mail.outbox
    assert letter.to == ["inconnu@ailleurs.example"]
    assert letter.attachments[0][0] == "ticket-1.pdf"
    assert search("ailleurs.example", shop.schema_name) == []


def search(text: str, schema_name: str) -> list[str]:
    """The tables, of the group and of the shop, where a text stands."""
    found = []
    with acting_as(OWNER), connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', %s)", [schema_name])
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}" AS row WHERE row::text LIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_a_wrong_address_is_said_and_nothing_is_sealed(shop, sold, counter):
    page = counter.post(f"{sold.number}/ticket/envoyer/", {"email": "rien"}, follow=True).content.decode()
    assert "Saisissez une adresse e-mail" in page
    assert not Entry.objects.filter(kind="issue").exists()


def test_a_discount_stands_on_the_receipt(shop):
    order = place(shop, ask("margherita"))
    agreed = AgreedPrice(800, "froide", None, True)
    repricing.reprice(
        shop=shop, order_id=order.pk, line_id=order.lines.get().pk, agreed=agreed, by=MANAGER, now=timezone.now()
    )
    order.refresh_from_db()
    pay(shop, order)
    (line,) = queries.receipt(order_number=order.number).lines
    assert (line.total_cents, line.notes) == (800, ["au lieu de 9,90\u00a0€"])


def test_an_invoice_has_its_own_numbers_and_names_nobody_in_the_journal(shop, sold, counter):
    place_again = place(shop, ask("margherita"))
    pay(shop, place_again)
    wrong = counter.post(f"{sold.number}/facture/", {"name": "", "address": "", "siren": "12"})
    assert wrong.status_code == 422
    asked = {"name": "SARL Dupont", "address": "1 rue de Paris, 59000 Lille", "siren": "123 456 789", "vat_number": ""}
    counter.post(f"{place_again.number}/facture/", asked)
    counter.post(f"{sold.number}/facture/", asked)
    assert list(Invoice.objects.order_by("number").values_list("number", "receipt_number")) == [(1, 2), (2, 1)]
    said = words_of(counter.get(f"{sold.number}/facture.pdf").content)
    assert "Facture n° 2" in said.replace("\u00a0", " ")
    assert "SARL Dupont" in said
    assert "SIREN 123456789" in said
    with pytest.raises(InvoicedAlready):
        issuing.make_invoice(
            shop=shop, order_number=sold.number, buyer=Buyer("x", "y"), operator="", now=timezone.now()
        )
    assert "Dupont" not in str(list(Entry.objects.values_list("content", flat=True)))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "DELETE FROM till_invoice",
            "écriture 3\u00a0: la facture n°\u00a01 n’y est plus, ou n’est plus celle de ce ticket",
        ),
        ("UPDATE till_invoice SET receipt_number = 9", "écriture 3\u00a0: la facture n°\u00a01"),
        ("UPDATE till_invoice SET number = 2", "écriture 3\u00a0: la facture n°\u00a01"),
        (
            "INSERT INTO till_invoice (number, receipt_number, order_number, made_at, buyer_name, buyer_address, buyer_siren,"
            " buyer_vat_number) SELECT 2, 7, order_number, made_at, '', '', '', '' FROM till_invoice",
            "écriture 3\u00a0: la facture n°\u00a02 n’est pas dans le journal",
        ),
    ],
)
def test_an_invoice_that_is_gone_or_was_never_made_is_named(shop, sold, counter, statement, words):
    counter.post(f"{sold.number}/facture/", {"name": "SARL Dupont", "address": "1 rue de Paris, 59000 Lille"})
    assert "intact" in verify(shop)
    as_superuser(statement)
    with pytest.raises(CommandError, match=words):
        verify(shop)


def test_an_invoice_stays_as_it_was_made(shop, sold, counter):
    """What is given back afterwards is on the receipt, and changes no invoice."""
    counter.post(f"{sold.number}/facture/", {"name": "SARL Dupont", "address": "1 rue de Paris, 59000 Lille"})
    made = words_of(counter.get(f"{sold.number}/facture.pdf").content)
    kitchen.claim(shop=shop, order_id=sold.pk, by=COOK, now=timezone.now())
    refunding.refund(
        shop=shop, order_id=sold.pk, returned=Returned("froide", gesture_cents=500), submission=uuid.uuid4(),
        by=MANAGER, now=timezone.now(),
    )  # fmt: skip
    assert words_of(counter.get(f"{sold.number}/facture.pdf").content) == made
    assert "facture d’avoir" in counter.get(f"{sold.number}/facture/").content.decode()
    assert "Remboursement" in counter.get(f"{sold.number}/ticket/").content.decode()


def test_no_customer_is_named_in_the_journal(shop, sold):
    sealed = str(list(Entry.objects.values()))
    for secret in ("Camille", "Martin", "612345678", "camille@example.com", "rue Nationale", sold.reference):
        assert secret not in sealed


def test_a_remake_has_no_receipt(shop, sold, counter):
    """It sells nothing: nothing is sealed, nothing is to be given."""
    kitchen.claim(shop=shop, order_id=sold.pk, by=COOK, now=timezone.now())
    before = Entry.objects.count()
    again = remaking.remake(
        shop=shop,
        order_id=sold.pk,
        submission=uuid.uuid4(),
        quantities={sold.lines.first().pk: 1},
        reason=RemakeReason.BURNT,
        words="",
        by=COUNTER,
        now=timezone.now(),
    )
    assert Entry.objects.count() == before
    assert counter.get(f"{again.number}/ticket/").status_code == 404
