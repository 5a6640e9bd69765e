"""The hub is pure: what was said lately, and who must hear of it."""

import pytest

from shared_apps.live.hub import QUEUE, REMEMBERED, Client, Hub

ORDERS, STOCK, GROUP = "shop_a:orders", "shop_a:stock", "public:group"


def events(body: bytes) -> list[tuple[str, str, str]]:
    """(event, data, id) of each frame."""
    frames = []
    for frame in body.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        frames.append((fields["event"], fields["data"], fields["id"]))
    return frames


def names(body: bytes) -> list[str]:
    return [event for event, _data, _id in events(body)]


def said(body: bytes) -> list[str]:
    return [data for event, data, _id in events(body) if event == "hint"]


def last_id(body: bytes) -> str:
    return events(body)[-1][2]


def listener(hub: Hub, *keys: str) -> Client:
    client = Client(keys or (ORDERS,))
    hub.join(client)
    return client


def test_a_listener_hears_what_it_listens_to():
    hub = Hub()
    client = listener(hub, ORDERS, STOCK)
    hub.dispatch(ORDERS)
    hub.dispatch(STOCK)
    assert said(client.take()) == ["orders", "stock"]


def test_a_listener_does_not_hear_another_topic_nor_another_shop():
    hub = Hub()
    client = listener(hub, ORDERS)
    hub.dispatch(STOCK)
    hub.dispatch("shop_b:orders")
    hub.dispatch("orders")
    assert client.take() == b""


def test_a_listener_to_several_topics_of_one_hint_hears_it_once():
    hub = Hub()
    client = listener(hub, ORDERS, STOCK)
    hub.dispatch(f"{ORDERS} {STOCK}")
    assert names(client.take()) == ["hint"]


def test_a_listener_to_the_stock_is_not_told_the_secret_name_of_an_order():
    hub = Hub()
    visitor = listener(hub, STOCK)
    hub.dispatch(f"{ORDERS} shop_a:order-unguessable {STOCK} {GROUP}")
    assert said(visitor.take()) == ["stock"]


def test_one_who_comes_back_is_not_told_the_secret_name_of_an_order_either():
    hub = Hub()
    seen = last_id(hub.welcome(Client([STOCK]), ""))
    hub.dispatch(f"{ORDERS} shop_a:order-unguessable {STOCK} {GROUP}")
    assert said(hub.welcome(Client([STOCK]), seen)) == ["stock"]


def test_a_hint_wakes_its_listeners_and_nobody_else():
    hub = Hub()
    awake, asleep = listener(hub, ORDERS), listener(hub, STOCK)
    hub.dispatch(ORDERS)
    assert awake.wake.is_set()
    assert not asleep.wake.is_set()
    awake.take()
    assert not awake.wake.is_set()


def test_one_who_left_hears_nothing_and_leaves_no_trace():
    hub = Hub()
    client = listener(hub, ORDERS)
    hub.leave(client)
    hub.dispatch(ORDERS)
    assert client.take() == b""
    assert not hub.clients
    assert not hub._by_key


def test_one_who_leaves_does_not_silence_the_others():
    hub = Hub()
    gone, still_there = listener(hub, ORDERS), listener(hub, ORDERS)
    hub.leave(gone)
    hub.dispatch(ORDERS)
    assert said(still_there.take()) == ["orders"]


def test_a_first_visit_is_greeted_with_an_id_to_come_back_with():
    hub = Hub()
    hub.dispatch(ORDERS)
    hello = hub.welcome(Client([ORDERS]), "")
    assert names(hello) == ["hello"]
    hub.dispatch(ORDERS)
    assert said(hub.welcome(Client([ORDERS]), last_id(hello))) == ["orders"]


def test_one_who_comes_back_hears_what_was_said_meanwhile_and_only_that():
    hub = Hub()
    client = listener(hub, ORDERS, STOCK)
    hub.dispatch(ORDERS)
    seen = last_id(client.take())
    hub.leave(client)
    hub.dispatch(STOCK)
    hub.dispatch("shop_b:orders")
    hub.dispatch(ORDERS)
    replay = hub.welcome(Client([ORDERS, STOCK]), seen)
    assert names(replay) == ["hint", "hint"]
    assert said(replay) == ["stock", "orders"]
    assert said(hub.welcome(Client([ORDERS, STOCK]), last_id(replay))) == []


def test_one_who_missed_nothing_is_greeted():
    hub = Hub()
    client = listener(hub, ORDERS)
    hub.dispatch(ORDERS)
    seen = last_id(client.take())
    hub.dispatch("shop_b:orders")
    assert names(hub.welcome(Client([ORDERS]), seen)) == ["hello"]


def test_one_who_comes_back_to_another_epoch_fetches_everything_again():
    hub = Hub()
    client = listener(hub, ORDERS)
    hub.dispatch(ORDERS)
    seen = last_id(client.take())
    hub.begin_epoch()
    assert names(hub.welcome(Client([ORDERS]), seen)) == ["resync"]


def test_two_processes_are_two_epochs():
    first, second = Hub(), Hub()
    seen = last_id(first.welcome(Client([ORDERS]), ""))
    assert names(second.welcome(Client([ORDERS]), seen)) == ["resync"]


def test_when_postgresql_was_away_everybody_there_fetches_again():
    hub = Hub()
    clients = [listener(hub, ORDERS), listener(hub, "shop_b:stock")]
    hub.begin_epoch()
    for client in clients:
        assert client.wake.is_set()
        assert names(client.take()) == ["resync"]


def test_the_id_of_a_resync_is_good_to_come_back_with():
    hub = Hub()
    client = listener(hub, ORDERS)
    for _ in range(3):
        hub.dispatch(ORDERS)
    client.take()
    hub.begin_epoch()
    seen = last_id(client.take())
    assert names(hub.welcome(Client([ORDERS]), seen)) == ["hello"]
    hub.dispatch(ORDERS)
    assert said(hub.welcome(Client([ORDERS]), seen)) == ["orders"]


def test_one_who_was_away_too_long_fetches_everything_again():
    hub = Hub()
    seen = last_id(hub.welcome(Client([ORDERS]), ""))
    for _ in range(REMEMBERED):
        hub.dispatch(ORDERS)
    assert len(said(hub.welcome(Client([ORDERS]), seen))) == REMEMBERED  # all of it is still known
    hub.dispatch(ORDERS)
    assert names(hub.welcome(Client([ORDERS]), seen)) == ["resync"]


@pytest.mark.parametrize(
    "last_event_id", ["nonsense", "-", "-5", "{epoch}-", "{epoch}-x", "{epoch}--1", "{epoch}-1.5", "0", "x" * 5000]
)
def test_an_id_that_means_nothing_makes_everything_fetched_again(last_event_id):
    hub = Hub()
    hub.dispatch(ORDERS)
    epoch = last_id(hub.welcome(Client([ORDERS]), "")).partition("-")[0]
    assert names(hub.welcome(Client([ORDERS]), last_event_id.format(epoch=epoch))) == ["resync"]


def test_an_id_in_superscript_means_nothing():
    hub = Hub()
    epoch = last_id(hub.welcome(Client([ORDERS]), "")).partition("-")[0]
    assert names(hub.welcome(Client([ORDERS]), f"{epoch}-²")) == ["resync"]


def test_one_who_reads_too_slowly_gets_one_resync_instead_of_a_heap():
    hub = Hub()
    slow = listener(hub, ORDERS)
    for _ in range(QUEUE):
        hub.dispatch(ORDERS)
    assert len(slow.frames) == QUEUE
    hub.dispatch(ORDERS)
    assert names(slow.take()) == ["resync"]


def test_one_who_read_too_slowly_hears_what_comes_after_its_resync():
    hub = Hub()
    slow = listener(hub, ORDERS)
    for _ in range(QUEUE + 1):
        hub.dispatch(ORDERS)
    hub.dispatch(ORDERS)
    body = slow.take()
    assert names(body) == ["resync", "hint"]
    assert len({identity for _event, _data, identity in events(body)}) == 2


def test_one_slow_reader_does_not_make_the_others_fetch_again():
    hub = Hub()
    slow, quick = listener(hub, ORDERS), listener(hub, ORDERS)
    for _ in range(QUEUE + 1):
        hub.dispatch(ORDERS)
        assert names(quick.take()) == ["hint"]
    assert names(slow.take()) == ["resync"]


def test_ids_grow_by_one_with_each_hint_whoever_listens():
    hub = Hub()
    client = listener(hub, ORDERS)
    for payload in (ORDERS, "shop_b:orders", ORDERS):
        hub.dispatch(payload)
    numbers = [int(identity.partition("-")[2]) for _event, _data, identity in events(client.take())]
    assert numbers[1] - numbers[0] == 2
