"""What customers are told: once, in words of French, at the steps they want."""

import datetime as dt
import http.server
import json
import threading

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import COOK, CUSTOMER, DRIVER, ask, place
from shared_apps.catalogue.models import ServiceMode
from shared_apps.customers import services as customers
from shared_apps.messages import services as messages
from shared_apps.messages.models import Message
from tenant_apps.orders import tasks
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing, kitchen, road, telling
from tenant_apps.orders.services.wishes import Contact, Wishes

Kind = Message.Kind
HOME = Contact("Camille Martin", "+33612345678", "camille@example.com", "3 rue Nationale", "59000", "Lille",
               latitude=50.637, longitude=3.063)  # fmt: skip


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Tasks run where they are deferred, as the worker runs them after the commit."""

    def run(path: str, *arguments: object) -> None:
        name = path.rpartition(".")[2]
        getattr(tasks, name)(*arguments)

    monkeypatch.setattr(telling, "async_task", run)
    monkeypatch.setattr(tasks, "async_task", run)


def made(shop, **changes) -> Order:
    order = place(shop, ask("margherita", 2), **changes)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    return kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())


def delivery(shop) -> Order:
    order = made(shop, wishes=Wishes(ServiceMode.DELIVERY), contact=HOME)
    return road.leave(shop=shop, order_ids=[order.pk], by=DRIVER, now=timezone.now())[0]


def subjects() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def test_an_order_to_collect_is_told_ready_once(shop):
    order = made(shop)
    kitchen.recall(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert len(subjects()) == 2
    assert subjects()[1] == f"Votre commande n° {order.number} est prête chez {shop.name}"


def test_a_delivery_is_told_on_its_way_with_what_to_pay_and_not_ready(shop):
    order = delivery(shop)
    assert subjects()[1:] == [f"Votre commande n° {order.number} est en route"]
    assert "22,70\u00a0€ à régler à la porte" in mail.outbox[1].body


def test_a_letter_is_text_and_html_with_the_shops_phone(shop):
    made(shop)
    for letter in mail.outbox:
        html, kind = letter.alternatives[0]
        assert kind == "text/html"
        for words in (letter.body, html):
            assert "03\u00a020\u00a000\u00a000\u00a000" in words
        assert "<img" not in html


def test_only_steps_can_be_done_without(shop, visit):
    order = place(shop, ask("margherita"))
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    page = f"/commande/{order.reference}/messages/"
    assert "Ne plus" in visit(shop).get(page).content.decode()
    answer = visit(shop).post(page, {"List-Unsubscribe": "One-Click"})
    assert "ne recevez plus" in answer.content.decode()
    with schema_context(shop.schema_name):
        kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=timezone.now())
    assert len(mail.outbox) == 1


def test_an_account_that_wants_no_steps_has_none_for_its_next_orders(shop, make_staff):
    customer = customers.of_user(make_staff(None))
    telling.stop_steps(order=place(shop, ask("margherita"), customer_id=customer.pk))
    mail.outbox.clear()
    made(shop, customer_id=customer.pk)
    assert len(mail.outbox) == 1  # the confirmation alone
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers


def test_who_waits_past_the_promise_is_told_once(shop, neighbour):
    order = place(shop, ask("margherita"))
    place(shop, ask("margherita"), contact=Contact("Sans adresse", "+33612345679"))
    mail.outbox.clear()
    tasks.tell_late()
    assert mail.outbox == []
    long_ago = timezone.now() - dt.timedelta(hours=2)
    with schema_context("public"):
        from shared_apps.sales.models import OrderSummary

        OrderSummary.objects.update(promised_until_at=long_ago)
    for _minute in range(3):
        tasks.tell_late()
    assert subjects() == [f"Votre commande n° {order.number} chez {shop.name} est en retard"]


class Gateway(http.server.BaseHTTPRequestHandler):
    status = 202
    taken: list[tuple[str, dict[str, str]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.taken.append((self.headers["Authorization"], body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def gateway(settings):
    Gateway.status, Gateway.taken = 202, []
    server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_URL, settings.SMS_TOKEN = f"http://127.0.0.1:{server.server_port}/", "secret"
    yield Gateway
    server.shutdown()
    server.server_close()


def test_no_text_message_is_sent_until_there_is_a_gateway(shop):
    assert not messages.send_sms(phone="+33612345678", text="…")


def test_with_a_gateway_a_text_message_says_ready_once(shop, gateway):
    order = made(shop)
    tasks.tell_customer(shop.id, order.pk, Kind.READY, 0)
    ((authorization, message),) = gateway.taken
    assert (authorization, message["to"]) == ("Bearer secret", "+33612345678")
    assert message["text"].startswith(f"{shop.name}\u00a0: Votre commande n° {order.number} est prête")


def test_a_gateway_that_refuses_keeps_the_message_to_send_and_tells_no_number(shop, gateway):
    gateway.status = 500
    with pytest.raises(messages.SmsFailed) as failure:
        made(shop)
    assert "336" not in str(failure.value)
    assert not Message.objects.filter(channel="sms", sent_at__isnull=False).exists()


def died_while_sending(shop, order: Order, kind: Message.Kind) -> None:
    """As a worker that was killed leaves it: it had begun, and nobody knows whether the letter left."""
    key = {"pizzeria_id": shop.id, "order_number": order.pk, "kind": kind, "channel": Message.Channel.EMAIL}
    Message.objects.update_or_create(**key, defaults={"attempted_at": timezone.now(), "sent_at": None})


def test_what_is_ordered_is_said_again_under_the_same_name_after_a_sender_died(shop):
    order = place(shop, ask("margherita"))
    died_while_sending(shop, order, Kind.CONFIRMATION)
    tasks.tell_customer(shop.id, order.pk, Kind.CONFIRMATION, order.version)
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    tasks.tell_customer(shop.id, order.pk, Kind.CONFIRMATION, order.version)
    assert len(mail.outbox) == 2


def test_a_step_is_never_said_twice_even_after_a_sender_died(shop):
    order = made(shop)
    died_while_sending(shop, order, Kind.READY)
    mail.outbox.clear()
    tasks.tell_customer(shop.id, order.pk, Kind.READY, 0)
    assert mail.outbox == []


def test_a_mail_server_that_refuses_is_tried_again(shop, monkeypatch):
    order = made(shop)
    Message.objects.filter(order_number=order.pk, kind=Kind.READY).delete()
    mail.outbox.clear()
    backend = mail.get_connection().__class__

    def refuse(self, letters):
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(backend, "send_messages", refuse)
        with pytest.raises(ConnectionRefusedError):
            tasks.tell_customer(shop.id, order.pk, Kind.READY, 0)
    tasks.tell_customer(shop.id, order.pk, Kind.READY, 0)
    assert len(mail.outbox) == 1


def test_the_page_of_an_order_always_has_the_shops_phone(shop, visit):
    order = place(shop, ask("margherita"))
    path = f"/commande/{order.reference}/"
    assert "Une question ? Appelez la pizzeria" in visit(shop).get(path).content.decode().replace("\u00a0", " ")
    assert 'href="tel:+33320000000"' in visit(shop).get(f"{path}etat/").content.decode()


def test_a_letter_about_an_order_that_is_no_more_lists_nothing_to_pay_and_nothing_to_come(shop):
    order = place(shop, ask("margherita", 2), pays_online=True)
    changing.cancel(shop=shop, order_id=order.pk, by=CUSTOMER, now=timezone.now())
    tasks.tell_customer(shop.id, order.pk, Kind.CANCELLED, order.version)
    tasks.tell_customer(shop.id, order.pk, Kind.PAID_LATE, 1)
    late = mail.outbox[-1]
    assert late.subject.endswith("est arrivé trop tard\u00a0: rien n’est débité")
    assert "La somme réservée sur votre carte est libérée" in late.body
    assert len(mail.outbox) >= 2
    for letter in mail.outbox:
        for text in (letter.body, letter.alternatives[0][0]):
            assert "Margherita" not in text
            assert "19,80" not in text
