import datetime as dt
from itertools import islice

import pytest
from django.core import mail
from django.db import IntegrityError
from django_q.models import OrmQ

from conftest import CONTACT, COOK, COUNTER, ask, check_invariants, place
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.templatetags.formats import clock
from shared_apps.messages.models import Message
from tenant_apps.orders import tasks
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing, estimating, kitchen, rush
from tenant_apps.orders.services.refusals import ChannelClosed, NoSlot
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop import services as shop_services
from tenant_apps.shop.models import ShopSettings, Slot, TradingChange

NOW = dt.datetime(2026, 11, 27, 18, 0, tzinfo=dt.UTC)
COLLECTION, DELIVERY = ServiceMode.COLLECTION, ServiceMode.DELIVERY


def minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def door(shop) -> Contact:
    return Contact(
        name="Camille", phone="+33612345678", email="camille@example.com", street="1 rue Haute", postcode="75012",
        city="Paris", latitude=shop.latitude + 0.002, longitude=shop.longitude,
    )  # fmt: skip


def deliver(shop, *, starts_at=None, now=NOW, **changes) -> Order:
    return place(shop, ask("reine", 2), wishes=Wishes(DELIVERY, starts_at), contact=door(shop), now=now, **changes)


def offered(now=NOW, **changes) -> list[dt.datetime]:
    found = shop_queries.offered_slots(now=now, work=100, shop=shop_queries.situation(now), **changes)
    return [slot.window.start for slot in islice(found, 12)]


def test_a_slot_takes_the_deliveries_its_drivers_can_make(shop):
    ShopSettings.objects.update(usual_drivers=1, deliveries_per_driver=2)
    first = deliver(shop)
    assert deliver(shop).slot_id == first.slot_id
    assert deliver(shop).slot.starts_at > first.slot.starts_at
    assert place(shop, now=NOW).slot.starts_at <= first.slot.starts_at  # collecting needs no driver
    with pytest.raises(NoSlot, match="19\xa0h") as refusal:
        deliver(shop, starts_at=first.slot.starts_at)
    assert len(refusal.value.following) == 3


def test_a_cancelled_delivery_gives_its_place_back(shop):
    order = deliver(shop)
    changing.cancel(shop=shop, order_id=order.pk, by=COUNTER, now=NOW)
    slot = Slot.objects.get(pk=order.slot_id)
    assert (slot.taken, slot.deliveries) == (0, 0)
    check_invariants()


def test_the_database_refuses_more_deliveries_than_drivers_can_make(shop):
    order = deliver(shop)
    with pytest.raises(IntegrityError, match="slot_never_over_its_drivers"):
        Slot.objects.filter(pk=order.slot_id).update(deliveries=5)


def test_drivers_on_shift_change_the_coming_slots_but_not_those_far_ahead(shop):
    near, far = deliver(shop), deliver(shop, starts_at=offered(delivered=True)[11])
    deliver(shop)
    deliver(shop)
    shop_services.set_drivers_on_shift(count=3, now=NOW)
    assert list(Slot.objects.order_by("starts_at").values_list("delivery_capacity", flat=True)) == [6, 4]
    shop_services.set_drivers_on_shift(count=1, now=NOW)
    capacity = dict(Slot.objects.values_list("pk", "delivery_capacity"))
    assert capacity == {near.slot_id: 3, far.slot_id: 4}  # never under what is promised
    shop_services.set_drivers_on_shift(count=0, now=NOW)
    assert set(Slot.objects.values_list("delivery_capacity", flat=True)) == {4}


def test_a_kitchen_behind_offers_later(shop):
    order = place(shop, ask("reine", 12), now=NOW)
    late = NOW + minutes(50)
    assert order.slot.ends_at < late
    on_time = shop_queries.offered_slots(now=late, work=100, shop=shop_queries.situation(late))
    queue = [(order.slot.starts_at, 6000)]
    behind = shop_queries.offered_slots(now=late, work=100, shop=shop_queries.situation(late), queue=queue)
    assert next(on_time).window.start < late + minutes(40) <= next(behind).window.start


def test_placing_asks_one_question_more_for_the_queue(shop, django_assert_max_num_queries):
    place(shop, now=NOW)
    with django_assert_max_num_queries(15):
        place(shop, now=NOW)


def rush_of(shop, count: int, now=NOW) -> ShopSettings:
    return rush.set_rush(shop=shop, minutes=count, by=COOK, now=now)


def test_a_rush_adds_its_minutes_to_the_first_time_offered(shop):
    usual = offered()[0]
    rush_of(shop, 30)
    assert offered()[0] - usual == minutes(30)
    assert place(shop, now=NOW).slot.starts_at - usual == minutes(30)
    rush_of(shop, 0)
    assert offered()[0] == usual


def test_a_rush_ends_with_the_service_and_who_tapped_is_kept(shop, make_staff):
    settings = rush_of(shop, 10)
    rush_of(shop, 10)  # a double tap
    assert settings.rush_at(settings.rush_until_at - minutes(1)) == 10
    assert settings.rush_at(settings.rush_until_at) == 0
    change = TradingChange.objects.get()
    assert (change.before["rush_minutes"], change.after["rush_minutes"], change.at) == (0, 10, NOW)


@pytest.mark.parametrize("count", [-10, 5, 40])
def test_only_the_rushes_of_the_screen_exist(shop, count):
    with pytest.raises(rush.UnknownRush):
        rush_of(shop, count)


def test_a_closed_channel_refuses_until_it_opens_again_and_takes_orders_for_after(shop):
    rush.close_web(shop=shop, modes=[DELIVERY], minutes=60, by=COOK, now=NOW)
    for starts_at in (None, NOW + minutes(30)):
        with pytest.raises(ChannelClosed, match="20\xa0h\xa000") as refusal:
            deliver(shop, starts_at=starts_at)
        assert len(refusal.value.following) == 3
    assert deliver(shop, starts_at=NOW + minutes(60)).slot.starts_at == NOW + minutes(60)
    assert deliver(shop, channel=Order.Channel.PHONE).slot.starts_at < NOW + minutes(60)
    assert place(shop, now=NOW).mode == COLLECTION
    rush.reopen_web(shop=shop, modes=[DELIVERY], by=COOK, now=NOW)
    assert deliver(shop).slot.starts_at < NOW + minutes(60)


def test_a_closed_channel_opens_by_itself(shop):
    rush.close_web(shop=shop, modes=list(rush.CLOSED_UNTIL), minutes=30, by=COOK, now=NOW)
    assert place(shop, now=NOW + minutes(31))


def run_tasks(shop) -> None:
    for queued in OrmQ.objects.order_by("pk"):
        task = queued.task
        if task["func"].endswith("tell_customer"):
            tasks.tell_customer(*task["args"])
        queued.delete()


def test_the_customer_is_told_once_of_each_move(shop):
    order = place(shop, now=NOW)
    run_tasks(shop)
    mail.outbox.clear()
    until_at = order.slot.ends_at
    assert estimating.re_estimate(shop=shop, now=NOW) == []
    late = until_at - minutes(5)
    assert estimating.re_estimate(shop=shop, now=late) == [order]  # nobody has begun it
    assert estimating.re_estimate(shop=shop, now=late) == []
    order.refresh_from_db()
    assert order.estimated_until_at == until_at + minutes(15)
    assert order.state == "accepted"
    assert order.events.last().reason == "delayed"
    queued = [entry.task["args"] for entry in OrmQ.objects.all()]
    run_tasks(shop)
    for arguments in queued:
        tasks.tell_customer(*arguments)  # delivered once more
    assert [message.to for message in mail.outbox] == [[CONTACT.email]]
    assert f"prévue pour {clock(order.estimated_until_at)} au plus tard" in mail.outbox[0].body
    assert Message.objects.get(kind=Message.Kind.DELAYED).version == 15
    assert estimating.re_estimate(shop=shop, now=late + minutes(10)) == [order]  # and again when it moves again
    check_invariants()


def test_a_rush_moves_what_is_promised_at_once(shop):
    order = place(shop, now=NOW)
    rush_of(shop, 30, now=order.slot.ends_at - minutes(20))
    order.refresh_from_db()
    assert order.estimated_until_at >= order.slot.ends_at + minutes(10)


def test_what_is_ready_to_collect_is_never_late(shop):
    order = place(shop, now=NOW)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=NOW)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=NOW)
    assert estimating.re_estimate(shop=shop, now=NOW + minutes(240)) == []


def test_a_delivery_that_has_not_left_is_late(shop):
    order = deliver(shop)
    kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=NOW)
    kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=NOW)
    late = order.slot.ends_at + minutes(10)
    assert estimating.re_estimate(shop=shop, now=late) == [order]


def test_the_tracking_page_says_the_new_time(shop, visit):
    order = place(shop, now=NOW)
    estimating.re_estimate(shop=shop, now=order.slot.ends_at)
    page = visit(shop).get(f"/commande/{order.reference}/").content.decode()
    assert 'class="notice" role="status"' in page


def test_only_shops_where_a_customer_waits_are_visited(shop, neighbour):
    place(shop, now=NOW)
    OrmQ.objects.all().delete()
    tasks.re_estimate()
    assert [entry.task["args"] for entry in OrmQ.objects.all()] == [(shop.id,)]
    tasks.re_estimate_of(shop.id)
