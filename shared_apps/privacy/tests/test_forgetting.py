"""What is kept of an order shrinks with its age; what is open, owed or sealed stays."""

import datetime as dt
import uuid
from collections.abc import Callable
from smtplib import SMTPRecipientsRefused

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone
from django.utils.formats import date_format
from django_tenants.utils import schema_context

from conftest import MANAGER, PASSWORD, ask, check_invariants, place
from shared_apps.accounts.models import Role, User
from shared_apps.core.calendar import PARIS
from shared_apps.customers import services as customers
from shared_apps.places.models import Geocode
from shared_apps.privacy import tasks
from shared_apps.privacy.models import Erasure, ErasureNotice, Export
from shared_apps.privacy.periods import periods
from shared_apps.privacy.services import erasing, forgetting, sweeping, warning
from shared_apps.privacy.tests.test_erasing import HOME, WISHES, sold
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders.models import BlockedNumber, Case, Order
from tenant_apps.orders.services import blocking, remaking
from tenant_apps.orders.services.remaking import CannotBeRemade

DAY = dt.timedelta(days=1)


@pytest.fixture
def known(db):
    with schema_context("public"):
        return customers.of_user(User.objects.create_user("vieille@example.net", PASSWORD, name="Vieille"))


def old(shop, known, days: int) -> Order:
    order = sold(shop, known)
    over_at = timezone.now() - days * DAY
    Order.objects.filter(pk=order.pk).update(handed_over_at=over_at)
    OrderSummary.objects.filter(pizzeria_id=shop.id, number=order.pk).update(handed_over_at=over_at)
    return order


def held(order: Order) -> set[str]:
    row = Order.objects.filter(pk=order.pk).values(
        "allergy_note", "street", "address_details", "note", "latitude", "longitude", "contact_name", "contact_phone",
        "contact_email",
    ).get()  # fmt: skip
    return {name for name, value in row.items() if value}


CONTACT = {"contact_name", "contact_phone", "contact_email"}
DOOR = {"street", "address_details", "note", "latitude", "longitude"}


@pytest.mark.parametrize(
    ("days", "kept"),
    [(29, CONTACT | DOOR | {"allergy_note"}), (31, CONTACT | DOOR), (91, CONTACT), (366, set())],
)
def test_an_order_is_forgotten_by_degrees(shop, known, days, kept):
    order = old(shop, known, days)
    assert forgetting.forget(now=timezone.now())
    assert held(order) == kept
    call_command("verify_till", shop=[shop.slug])
    check_invariants()


def test_it_may_run_again_and_in_small_batches(shop, known):
    orders = [old(shop, known, 400) for _index in range(3)]
    for _again in range(2):
        assert forgetting.forget(now=timezone.now(), batch=1)
        assert [held(order) for order in orders] == [set(), set(), set()]


def test_when_time_runs_out_it_says_so(shop, known, settings):
    order = old(shop, known, 400)
    settings.TASK_TIMEOUT_SECONDS = -1
    assert not forgetting.forget(now=timezone.now())
    assert held(order)


def test_an_open_order_and_an_open_case_are_left_alone(shop, known):
    long_ago = timezone.now() - 400 * DAY
    order, about = place(shop, ask("reine", 2), contact=HOME, wishes=WISHES), old(shop, known, 400)
    Order.objects.filter(pk=order.pk).update(placed_at=long_ago)
    case = Case.objects.create(order=about, kind=Case.Kind.REMAKE, opened_at=long_ago, words="rappeler Philippine")
    forgetting.forget(now=timezone.now())
    assert held(order) == held(about) == CONTACT | DOOR | {"allergy_note"}
    Case.objects.filter(pk=case.pk).update(closed_at=long_ago, resolution="Philippine est contente")
    forgetting.forget(now=timezone.now())
    case.refresh_from_db()
    assert (held(about), case.words, case.resolution) == (set(), "", "")


def test_a_number_blocked_for_ever_is_so_for_three_years(shop):
    now = timezone.now()
    for phone, years in (("+33600000001", 4), ("+33600000002", 1)):
        blocking.block(phone=phone, reason="Absent", until_date=None, user_id=None, now=now - years * 365 * DAY)
    forgetting.forget(now=now)
    assert [row.phone for row in BlockedNumber.objects.all()] == ["+33600000002"]


def test_an_order_whose_address_is_forgotten_is_not_made_again(shop, known):
    order = old(shop, known, 91)
    forgetting.forget(now=timezone.now())
    with pytest.raises(CannotBeRemade):
        remaking.remake(
            shop=shop, order_id=order.pk, submission=uuid.uuid4(), quantities={order.lines.get().pk: 1},
            reason="cold", words="", by=MANAGER, now=timezone.now(),
        )  # fmt: skip


def test_its_pages_still_open(shop, known, visit, make_staff):
    order = old(shop, known, 400)
    forgetting.forget(now=timezone.now())
    page = visit(shop).get(f"/commande/{order.reference}/")
    assert page.status_code == 200
    assert "59000 Lille" in page.content.decode()
    assert ", , " not in page.content.decode()
    desk = visit(shop, make_staff(Role.COUNTER, shop)).get(f"/comptoir/{order.pk}/")
    assert desk.status_code == 200
    assert "Données effacées" in desk.content.decode()


def test_the_group_forgets_what_is_over(shop, known):
    now = timezone.now()
    with schema_context("public"):
        for days, name in ((31, "a"), (29, "b")):
            Geocode.objects.create(
                digest=name * 64, place_id="", latitude=1, longitude=1, street="1 rue", postcode="59000", city="Lille",
                fetched_at=now - days * DAY,
            )  # fmt: skip
            Session.objects.create(session_key=name * 32, session_data="", expire_date=now + (30 - days) * DAY)
        Export.objects.create(user=known.user, asked_at=now - 8 * DAY)
        sweeping.sweep(now=now)
        assert list(Geocode.objects.values_list("digest", flat=True)) == ["b" * 64]
        assert not Session.objects.filter(session_key="a" * 32).exists()
        assert Session.objects.filter(session_key="b" * 32).exists()
        assert not Export.objects.exists()


def aged(user: User, *, created: int, signed_in: int | None = None) -> User:
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(
        created_at=now - created * DAY, last_login=now - signed_in * DAY if signed_in else None
    )
    return user


def test_only_customers_unused_for_three_years_are_erased(shop, known, make_staff, monkeypatch):
    monkeypatch.setattr(erasing, "async_task", lambda *_arguments: None)
    years = periods().account
    with schema_context("public"):
        never, lately, orders = (aged(make_staff(None), created=years + 100) for _index in range(3))
        aged(lately, created=years + 100, signed_in=10)
        cook = aged(make_staff(Role.COOK, shop), created=years + 100)
        support = aged(make_staff(None), created=years + 100)
        User.objects.filter(pk=support.pk).update(is_staff=True)
        customer = customers.of_user(orders)
    sold(shop, customer)
    with schema_context("public"):
        sweeping.warn_unused(now=timezone.now() - 30 * DAY)
        sweeping.close_unused(now=timezone.now())
        closed = set(Erasure.objects.values_list("user_id", flat=True))
        assert closed == {never.pk}
        assert {user.pk for user in (lately, orders, cook, support)} <= set(
            User.objects.filter(is_active=True).values_list("pk", flat=True)
        )


@pytest.fixture
def letters(monkeypatch) -> Callable[[], list[EmailMessage]]:
    """Runs what the night put in the queue; the letters that left by it."""
    asked: list[int] = []
    monkeypatch.setattr(sweeping, "async_task", lambda path, user_id: asked.append(user_id))

    def leave() -> list[EmailMessage]:
        mail.outbox.clear()
        while asked:
            tasks.warn(asked.pop(0))
        return mail.outbox

    return leave


def night(now: dt.datetime) -> None:
    with schema_context("public"):
        sweeping.warn_unused(now=now)
        sweeping.close_unused(now=now)


def test_an_unused_account_is_told_once_then_erased_thirty_days_later(db, make_staff, letters, monkeypatch):
    monkeypatch.setattr(erasing, "async_task", lambda *_arguments: None)
    now = timezone.now()
    user = aged(make_staff(None), created=periods().account + 100)
    night(now)
    (letter,) = letters()
    assert letter.to == [user.email]
    assert date_format((now + 30 * DAY).astimezone(PARIS), "DATE_FORMAT") in letter.body
    assert settings.BASE_DOMAIN in letter.body
    night(now + DAY)
    assert letters() == []
    night(now + 29 * DAY)
    assert not Erasure.objects.exists()
    night(now + 30 * DAY)
    assert Erasure.objects.get().user == user
    assert letters() == []
    assert not ErasureNotice.objects.exists()


def test_who_signs_in_after_the_letter_keeps_the_account_and_is_told_anew_another_time(db, make_staff, letters):
    now, kept = timezone.now(), periods().account
    user = aged(make_staff(None), created=kept + 100)
    night(now)
    assert len(letters()) == 1
    User.objects.filter(pk=user.pk).update(last_login=now + DAY)
    for days in (2, 40, kept - 30):
        night(now + days * DAY)
    assert letters() == []
    night(now + (kept - 28) * DAY)
    assert len(letters()) == 1
    night(now + (kept + 1) * DAY)
    assert not Erasure.objects.exists()


def test_the_letter_of_who_came_back_before_it_left_does_not_leave(db, make_staff, letters):
    user = aged(make_staff(None), created=periods().account + 100)
    night(timezone.now())
    aged(user, created=periods().account + 100, signed_in=1)
    night(timezone.now())
    assert letters() == []


def test_an_address_that_refuses_the_letter_does_not_keep_its_account(db, make_staff, monkeypatch):
    def refused(*_arguments: object) -> None:
        raise SMTPRecipientsRefused({})

    monkeypatch.setattr(warning, "send_mail", refused)
    user = aged(make_staff(None), created=periods().account + 100)
    with schema_context("public"):
        sweeping.warn_unused(now=timezone.now())
        tasks.warn(user.pk)
        assert ErasureNotice.objects.get().user == user


def test_every_shop_has_its_night(shop, neighbour, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "async_task", lambda path, *arguments: asked.append((path, *arguments)))
    with schema_context("public"):
        tasks.forget()
    assert {pk for _path, pk in asked} >= {shop.id, neighbour.id}
    assert {path for path, _pk in asked} == {"shared_apps.privacy.tasks.forget_in_shop"}
    order = place(shop, ask("reine"))
    with schema_context("public"):
        tasks.forget_in_shop(shop.id)
    with schema_context(shop.schema_name):
        assert Order.objects.get(pk=order.pk).contact_name
