"""A day is closed once, in order, none skipped, and its Z is what was sealed and what head office sees."""

import datetime as dt
import uuid

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.models import Sum
from django.db.utils import ProgrammingError
from django.utils import timezone

from conftest import COUNTER, DRIVER, ask, place
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.calendar import PARIS, business_day, day_bounds
from shared_apps.sales import queries as sales
from shared_apps.sales.models import HourlySales, TillClosing
from tenant_apps.orders.services import bookkeeping, settlement
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop.models import ShopSettings
from tenant_apps.till import exports, figures, queries, tasks
from tenant_apps.till.models import Closing, Entry
from tenant_apps.till.services import closings, sealing
from tenant_apps.till.services.closings import NothingToClose, NotTheNextDay
from tenant_apps.till.services.sealing import About
from tenant_apps.till.tests.test_journal import as_superuser, verify

CASH, CARD = Payment.Means.CASH, Payment.Means.CARD_TERMINAL
HOME = Contact("Camille Martin", "+33612345678", "camille@example.com", "3 rue Nationale", "59000", "Lille",
               "2e étage", 50.637, 3.063)  # fmt: skip


def paris(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=PARIS)


def sell(shop, now: dt.datetime, *lines, means=CASH, mode=ServiceMode.COLLECTION):
    lines = lines or (ask("margherita"),)
    return place(shop, *lines, wishes=Wishes(mode), paid=Tender(means, uuid.uuid4()), by=COUNTER, now=now)


def close(shop, day: dt.date, now: dt.datetime) -> Closing:
    return closings.close_day(shop=shop, day=day, operator="Inès", now=now)


def test_a_z_says_what_was_sold_by_rate_and_taken_by_means(shop):
    now = paris(2026, 3, 10, 20)
    sell(shop, now, ask("margherita"), ask("eau-50cl", size=None))  # 9,90 € and 1,80 €
    sell(shop, now, ask("cola-33cl", size=None), means=CARD)
    closing = close(shop, dt.date(2026, 3, 10), now + dt.timedelta(hours=3))
    cola = Entry.objects.filter(kind="sale").order_by("-number")[0].turnover_cents
    got = closing.figures
    assert (got["sales"], got["first_receipt"], got["last_receipt"]) == (2, 1, 2)
    assert [(row["category"], row["rate"], row["gross_cents"], row["transactions"]) for row in got["vat"]] == [
        ("goods", 550, 180 + cola, 2),
        ("goods", 1000, 990, 1),
    ]
    # The sum of what each receipt says, not the VAT of the sum: 4,00 € at 5,5 % would be 3,79 € net.
    assert [(row["rate"], row["net_cents"], row["vat_cents"]) for row in got["vat"]] == [
        (550, 171 + 209, 9 + 11),
        (1000, 900, 90),
    ]
    assert [(row["means"], row["taken_cents"], row["count"]) for row in got["means"]] == [
        ("card_terminal", cola, 1),
        ("cash", 1170, 1),
    ]
    assert got["turnover_cents"] == got["perpetual_cents"] == 1170 + cola
    assert "intact" in verify(shop)


def test_an_x_is_the_z_to_come_and_seals_nothing(shop, make_staff, visit):
    day, now = dt.date(2026, 3, 10), paris(2026, 3, 10, 20)
    sell(shop, now - dt.timedelta(days=1), ask("margherita", 3))
    close(shop, day - dt.timedelta(days=1), now - dt.timedelta(hours=20))
    first = sell(shop, now, ask("margherita", 2), ask("cola-33cl", size=None))
    sell(shop, now, means=CARD)
    give_back(shop, first, 500, now)
    sealed = Entry.objects.count()
    read = queries.reading(now=now)
    assert (read.day, read.can_be_closed, read.is_over) == (day, True, False)
    assert (read.figures["sales"], read.figures["refunds"]) == (2, 1)
    assert read.figures["turnover_cents"] == first.total_cents + 990 - 500
    assert {row["means"]: (row["taken_cents"], row["refunded_cents"]) for row in read.figures["means"]} == {
        "card_terminal": (990, 0),
        "cash": (first.total_cents, 500),
    }
    assert sum(row["gross_cents"] for row in read.figures["vat"]) == read.figures["turnover_cents"]
    assert read.perpetual_cents == 2970 + read.figures["turnover_cents"]
    assert queries.reading(now=now) == read
    assert queries.reading(now=paris(2026, 3, 11, 5)).is_over
    assert (Entry.objects.count(), Closing.objects.count()) == (sealed, 1)
    closing = close(shop, day, now)
    assert {name: closing.figures[name] for name in read.figures} == read.figures
    assert closing.figures["perpetual_cents"] == read.perpetual_cents


def test_the_page_of_the_day_shows_the_x(shop, make_staff, visit):
    sell(shop, timezone.now(), ask("margherita", 2))
    manager = visit(shop, make_staff(Role.MANAGER, shop))
    page = manager.get("/caisse/").content.decode()
    assert "19,80\u00a0€" in page
    assert "pas encore payée" not in page
    place(shop, ask("margherita"))
    assert "1 commande en cours n’est pas encore payée" in manager.get("/caisse/").content.decode()
    connection.set_schema(shop.schema_name)
    assert not Closing.objects.exists()


def test_a_tip_is_in_its_own_column_and_no_turnover(shop):
    now = paris(2026, 3, 10, 20)
    tender = Tender(CASH, uuid.uuid4(), tendered_cents=2000, tip_cents=110)
    place(shop, ask("margherita"), paid=tender, by=COUNTER, now=now)
    payment, sale = Entry.objects.order_by("number")
    assert (payment.content["tip_cents"], payment.content["change_cents"], payment.taken_cents) == (110, 900, 990)
    assert (sale.turnover_cents, sale.content["total_cents"]) == (990, 990)
    got = close(shop, dt.date(2026, 3, 10), now + dt.timedelta(hours=1))
    (row,) = got.figures["means"]
    assert (
        (row["tips_cents"], row["taken_cents"]) == (got.figures["tips_cents"], got.figures["taken_cents"]) == (110, 990)
    )
    assert got.figures["turnover_cents"] == sum(rate["gross_cents"] for rate in got.figures["vat"]) == 990
    assert "2026-03-10;1;pourboires;Espèces;;;;1,10;" in exports.figures([got]).splitlines()


def test_what_a_driver_took_offline_is_sealed_with_both_times(shop):
    now, taken_at = paris(2026, 3, 10, 20, 30), paris(2026, 3, 10, 20, 5)
    order = place(shop, ask("margherita"), now=paris(2026, 3, 10, 19))
    tender = Tender(CASH, uuid.uuid4(), taken_at=taken_at)
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=DRIVER, now=now)
    payment = Entry.objects.get(kind="payment")
    assert dt.datetime.fromisoformat(payment.content["taken_at"]) == taken_at
    assert payment.at == now


@pytest.mark.parametrize(("treatment", "rates"), [("accessory", {550, 1000}), ("ten", {1000}), ("twenty", {2000})])
def test_the_delivery_fee_is_sealed_at_the_rate_that_the_shop_chose(shop, treatment, rates):
    ShopSettings.objects.update(delivery_fee_vat=treatment)
    lines = (ask("margherita", 2), ask("cola-33cl", size=None))
    order = place(shop, *lines, wishes=Wishes(ServiceMode.DELIVERY), contact=HOME)
    tender = Tender(CASH, uuid.uuid4())
    settlement.take_payment(shop=shop, order_id=order.pk, tender=tender, by=COUNTER, now=timezone.now())
    sale = Entry.objects.get(kind="sale")
    fee = sale.content["lines"][-1]
    assert {part["rate"] for part in fee["parts"]} == rates
    assert sum(part["cents"] for part in fee["parts"]) == order.delivery_fee_cents > 0
    assert sum(row["gross_cents"] for row in sale.content["vat"]) == order.total_cents


def test_takings_and_refunds_are_counted_apart(shop):
    now = paris(2026, 3, 10, 20)
    first = sell(shop, now, ask("margherita", 2))
    sell(shop, now)
    give_back(shop, first, 500, now)
    closing = close(shop, dt.date(2026, 3, 10), now + dt.timedelta(hours=1))
    (row,) = closing.figures["means"]
    assert (row["payments"], row["refunds"], row["count"]) == (2, 1, 3)
    lines = exports.figures([closing]).splitlines()
    assert "2026-03-10;1;encaissements;Espèces;;;;29,70;2" in lines
    assert "2026-03-10;1;remboursements;Espèces;;;;-5,00;1" in lines


def test_a_sale_at_two_rates_is_one_transaction_of_its_day_and_category(shop):
    now = paris(2026, 3, 10, 20)
    sell(shop, now, ask("margherita"), ask("cola-33cl", size=None))
    sell(shop, now)
    sell(shop, now, mode=ServiceMode.EAT_IN)
    closing = close(shop, dt.date(2026, 3, 10), now + dt.timedelta(hours=1))
    assert closing.figures["categories"] == [
        {"category": "goods", "transactions": 2},
        {"category": "services", "transactions": 1},
    ]
    rows = [line.split(";") for line in exports.e_reporting([("123456789", closing)]).splitlines()[1:]]
    assert [(row[2], row[3], row[6]) for row in rows] == [
        ("TLB1", "5,5", "2"),
        ("TLB1", "10", "2"),
        ("TPS1", "10", "1"),
    ]


def test_a_closing_sealed_before_these_counts_still_verifies_and_is_exported(shop, monkeypatch):
    """What is sealed is never changed: a figure that came later is missing from it."""
    now, honest = paris(2026, 3, 10, 20), figures.of_day
    sell(shop, now, ask("margherita"), ask("cola-33cl", size=None))

    def older(entries):
        sums = honest(entries)
        del sums["categories"]
        for row in sums["means"]:
            del row["payments"], row["refunds"]
        return sums

    monkeypatch.setattr(figures, "of_day", older)
    closing = close(shop, dt.date(2026, 3, 10), now + dt.timedelta(hours=1))
    monkeypatch.undo()
    closings.close_missed(shop=shop, now=paris(2026, 4, 2, 12))
    assert "intact" in verify(shop)
    assert "2026-03-10;1;encaissements;Espèces;;;;" in exports.figures([closing])
    assert exports.e_reporting([("123456789", closing)]).splitlines()[1].split(";")[6] == "1"


def give_back(shop, order, cents: int, now: dt.datetime) -> None:
    entry = sealing.seal_refund(
        shop=shop,
        about=About(order.number, order.channel, order.mode),
        means="cash",
        amount_cents=cents,
        reason="froide",
        now=now,
    )
    bookkeeping.count(shop=shop, entries=[entry])


def test_head_office_sees_the_turnover_of_the_z_refunds_taken_off(shop):
    now = timezone.now()
    order = sell(shop, now, ask("margherita", 2))
    give_back(shop, order, 990, now)
    seen = sales.figures(now=now, pizzeria_id=shop.id)[0].turnover_cents
    closing = close(shop, business_day(now), now)
    assert seen == closing.figures["turnover_cents"] == 990
    assert closing.figures["refunded_cents"] == 990
    assert [(row["gross_cents"], row["vat_cents"], row["transactions"]) for row in closing.figures["vat"]] == [
        (990, 90, 1)
    ]
    call_command("rebuild_sales", shop.slug)
    assert sales.figures(now=now, pizzeria_id=shop.id)[0].turnover_cents == 990


def test_what_is_sold_after_a_closing_by_hand_belongs_to_the_next_day(shop):
    day = dt.date(2026, 3, 10)
    sell(shop, paris(2026, 3, 10, 20))
    by_hand = close(shop, day, paris(2026, 3, 10, 23))
    sell(shop, paris(2026, 3, 10, 23, 30), ask("margherita", 3))
    following = close(shop, day + dt.timedelta(days=1), paris(2026, 3, 11, 22))
    assert following.figures["turnover_cents"] == 2970
    assert following.figures["from"] == by_hand.figures["to"]  # and not from 04:00, before which it has a sale
    days = HourlySales.objects.filter(pizzeria_id=shop.id, turnover_cents__gt=0).values_list("day")
    assert dict(days.annotate(sum=Sum("turnover_cents"))) == {day: 990, day + dt.timedelta(days=1): 2970}
    call_command("check_invariants", shop.slug)


def test_half_past_midnight_belongs_to_the_evening(shop):
    sell(shop, paris(2026, 3, 11, 0, 30))
    assert close(shop, dt.date(2026, 3, 10), paris(2026, 3, 11, 1)).figures["sales"] == 1


def test_a_day_is_closed_once_and_none_is_skipped(shop):
    day, evening = dt.date(2026, 3, 10), paris(2026, 3, 10, 23)
    sell(shop, paris(2026, 3, 10, 20))
    close(shop, day, evening)
    with pytest.raises(NothingToClose):
        close(shop, day, evening)
    with pytest.raises(NotTheNextDay):
        close(shop, day + dt.timedelta(days=2), paris(2026, 3, 12, 23))


def test_missed_days_are_made_up_with_their_months_and_years(shop):
    sell(shop, paris(2025, 12, 29, 20))
    sell(shop, paris(2026, 1, 2, 20), ask("margherita", 2))
    made = closings.close_missed(shop=shop, now=paris(2026, 1, 4, 12))
    assert [str(closing.starts_on) for closing in made] == [
        "2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03",
    ]  # fmt: skip
    assert [closing.figures["turnover_cents"] for closing in made] == [990, 0, 0, 0, 1980, 0]
    month = Closing.objects.get(period="month")
    year = Closing.objects.get(period="year")
    assert (str(month.starts_on), month.figures["turnover_cents"], month.figures["closings"]) == ("2025-12-01", 990, 3)
    assert (year.figures["turnover_cents"], year.figures["perpetual_cents"]) == (990, 990)
    assert [row["gross_cents"] for row in year.figures["vat"]] == [990]
    assert closings.close_missed(shop=shop, now=paris(2026, 1, 4, 12)) == []
    assert TillClosing.objects.filter(pizzeria_id=shop.id).count() == 8
    assert "intact" in verify(shop)


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2026, 3, 28), 23), (dt.date(2026, 10, 24), 25), (dt.date(2026, 10, 23), 24)]
)
def test_the_nights_when_the_clock_changes_are_one_day_each(shop, day, hours):
    start, end = day_bounds(day)
    assert (end - start) == dt.timedelta(hours=hours)
    sell(shop, start)
    sell(shop, end - dt.timedelta(microseconds=1))
    sell(shop, end)
    first, second = closings.close_missed(shop=shop, now=end + dt.timedelta(days=1, hours=2))[:2]
    assert (first.starts_on, first.figures["sales"]) == (day, 2)
    assert (second.starts_on, second.figures["sales"]) == (day + dt.timedelta(days=1), 1)
    assert (first.figures["from"], first.figures["to"]) == (start.isoformat(), end.isoformat())


def test_the_schedule_closes_the_shops_that_need_it_and_only_them(shop, monkeypatch):
    sell(shop, timezone.now() - dt.timedelta(days=2))
    asked = []
    monkeypatch.setattr(tasks, "async_task", lambda *call: asked.append(call))
    tasks.close_days()
    assert asked == [("tenant_apps.till.tasks.close_days_of", shop.id)]
    tasks.close_days_of(shop.id)
    assert Closing.objects.filter(period="day").count() == 2
    tasks.close_days()
    assert len(asked) == 1


def test_a_forged_closing_is_named(shop):
    sell(shop, paris(2026, 3, 10, 20))
    closing = close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    as_superuser(
        "UPDATE till_entry SET content = jsonb_set(content, '{turnover_cents}', '1') WHERE number = %s",
        closing.entry_number,
    )
    with pytest.raises(CommandError, match=f"écriture {closing.entry_number}\u00a0"):
        verify(shop)


def test_a_closing_that_does_not_add_up_is_named_even_when_signed(shop, monkeypatch):
    """A fault of the program, not of somebody: the verifier adds up again."""
    sell(shop, paris(2026, 3, 10, 20))
    honest = figures.of_day
    monkeypatch.setattr(figures, "of_day", lambda entries: honest(entries) | {"turnover_cents": 1})
    close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    monkeypatch.undo()
    with pytest.raises(CommandError, match="ne sont pas la somme"):
        verify(shop)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("till_closing", "ses chiffres gardés pour les exports ne sont pas ceux de cette clôture"),
        ("sales_tillclosing", "les chiffres du groupe ne sont pas ceux de cette clôture"),
    ],
)
def test_a_copy_of_a_closing_that_was_edited_is_named(shop, table, words):
    """The exports read these: what they give the accountant is what was sealed, or it is said."""
    sell(shop, paris(2026, 3, 10, 20))
    closing = close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    as_superuser(f"UPDATE {table} SET figures = jsonb_set(figures, '{{turnover_cents}}', '1') WHERE number = 1")
    with pytest.raises(CommandError, match=f"écriture {closing.entry_number}\u00a0: {words}"):
        verify(shop)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM till_closing WHERE period = 'day'",
        "UPDATE till_closing SET entry_number = entry_number - 1",
        "UPDATE till_closing SET starts_on = starts_on - 1",
    ],
)
def test_a_row_of_a_closing_that_is_gone_or_moved_is_named(shop, statement):
    sell(shop, paris(2026, 3, 10, 20))
    closing = close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    as_superuser(statement)
    with pytest.raises(CommandError, match=f"écriture {closing.entry_number}\u00a0: "):
        verify(shop)


def test_a_closing_that_no_entry_seals_is_named(shop):
    sell(shop, paris(2026, 3, 10, 20))
    close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    as_superuser(
        "INSERT INTO till_closing (period, number, starts_on, ends_on, entry_number, figures)"
        " SELECT period, 2, starts_on - 1, ends_on - 1, 1, figures FROM till_closing"
    )
    with pytest.raises(CommandError, match="écriture 1\u00a0: aucune clôture n’y est scellée"):
        verify(shop)


def test_a_closing_taken_from_the_group_is_named(shop):
    sell(shop, paris(2026, 3, 10, 20))
    close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    as_superuser("DELETE FROM sales_tillclosing WHERE pizzeria_id = %s", shop.id)
    with pytest.raises(CommandError, match="le groupe n’a pas cette clôture"):
        verify(shop)


def test_no_role_changes_a_closing(shop):
    sell(shop, paris(2026, 3, 10, 20))
    close(shop, dt.date(2026, 3, 10), paris(2026, 3, 10, 23))
    for table in ("till_closing", "sales_tillclosing"):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
