"""Google Maps over its real protocol, played by a server on this machine."""

import datetime as dt
import itertools
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from shared_apps.places import google, offline, services
from shared_apps.places.geometry import Location, Travel
from shared_apps.places.models import DailyCalls, Geocode

KEY = "AIzaSyStandIn-0123456789"
ADDRESS = "17 rue Esquermoise, 59000 Lille"
ESQUERMOISE = {
    "place_id": "ChIJ-esquermoise",
    "geometry": {"location": {"lat": 50.6378, "lng": 3.0612}},
    "address_components": [
        {"long_name": "17", "short_name": "17", "types": ["street_number"]},
        {"long_name": "Rue Esquermoise", "short_name": "Rue Esquermoise", "types": ["route"]},
        {"long_name": "Lille", "short_name": "Lille", "types": ["locality", "political"]},
        {"long_name": "59000", "short_name": "59000", "types": ["postal_code"]},
    ],
}
LILLE = Location(50.6366, 3.0635, "59000", "Lille")
LAMBERSART = Location(50.65, 3.03, "59130", "Lambersart")
ROUBAIX = Location(50.69, 3.18, "59100", "Roubaix")


@dataclass(frozen=True)
class Call:
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: object


@dataclass
class Google:
    """What Google answers, and what it was asked."""

    status: int = 200
    geocoding: object = field(default_factory=lambda: {"status": "OK", "results": [ESQUERMOISE]})
    matrix: object = field(default_factory=list)
    raw: bytes | None = None  # instead of JSON
    released: threading.Event = field(default_factory=threading.Event)  # an answer waits for it
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.released.set()

    def answer(self, call: Call) -> tuple[int, bytes]:
        self.calls.append(call)
        self.released.wait(timeout=20)
        content = self.matrix if "computeRouteMatrix" in call.path else self.geocoding
        return self.status, json.dumps(content).encode() if self.raw is None else self.raw


def handler_of(stand_in: Google) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: object) -> None:
            address = urlsplit(self.path)
            call = Call(address.path, parse_qs(address.query), dict(self.headers.items()), body)
            status, content = stand_in.answer(call)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client did not wait

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@pytest.fixture
def maps(db, settings) -> Iterator[Google]:
    stand_in = Google()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(stand_in))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    settings.MAPS_BASE_URL = settings.MAPS_ROUTES_URL = stand_in.url
    settings.MAPS_API_KEY = KEY
    settings.MAPS_DAILY_CALLS = 100
    yield stand_in
    stand_in.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent(maps, monkeypatch) -> Google:
    """Google takes the question and never answers."""
    monkeypatch.setattr(google, "TIMEOUT_SECONDS", 0.1)
    maps.released.clear()
    return maps


@pytest.fixture
def later(monkeypatch):
    """Moves the clock, not the world."""
    started = timezone.now()

    def move(**elapsed: float) -> None:
        monkeypatch.setattr(timezone, "now", lambda: started + dt.timedelta(**elapsed))

    return move


def fail_by_error(maps: Google) -> None:
    maps.status, maps.raw = 400, b"{}"


def fail_by_refused_key(maps: Google) -> None:
    maps.geocoding = {
        "status": "REQUEST_DENIED",
        "error_message": f"The provided API key {KEY} is invalid for {ADDRESS}.",
        "results": [],
    }


def fail_by_quota(maps: Google) -> None:
    maps.geocoding = {"status": "OVER_QUERY_LIMIT", "results": []}


def fail_by_nonsense(maps: Google) -> None:
    maps.raw = b"<html>a proxy speaks</html>"


FAILURES = [fail_by_error, fail_by_refused_key, fail_by_quota, fail_by_nonsense]


def element(index: int, seconds: int, metres: int) -> dict[str, object]:
    return {"originIndex": 0, "destinationIndex": index, "duration": f"{seconds}s", "distanceMeters": metres}


def test_an_address_is_placed_by_google_to_the_street(maps):
    location = services.locate(text=ADDRESS)
    assert location == Location(
        50.6378, 3.0612, "59000", "Lille", "17 Rue Esquermoise", precise=True, place_id="ChIJ-esquermoise"
    )


def test_google_is_asked_for_this_address_in_france_with_our_key(maps):
    services.locate(text=ADDRESS)
    (call,) = maps.calls
    assert call.path == "/maps/api/geocode/json"
    assert call.query["address"] == [ADDRESS]
    assert call.query["key"] == [KEY]
    assert call.query["components"] == ["country:FR|postal_code:59000"]
    assert call.query["language"] == ["fr"]


def test_an_answer_without_a_street_is_not_precise(maps):
    maps.geocoding = {
        "status": "OK",
        "results": [{**ESQUERMOISE, "address_components": ESQUERMOISE["address_components"][2:]}],
    }
    location = services.locate(text="59000 Lille")
    assert location.city == "Lille"
    assert not location.precise


def test_a_second_question_does_not_reach_google(maps):
    first = services.locate(text=ADDRESS)
    assert services.locate(text=ADDRESS) == first
    assert services.locate(text="17, RUE ESQUERMOISE 59000 LILLE") == first
    assert len(maps.calls) == 1


def test_an_answer_is_kept_30_days_and_no_longer(maps, later):
    services.locate(text=ADDRESS)
    later(days=29, hours=23)
    services.locate(text=ADDRESS)
    assert len(maps.calls) == 1
    later(days=30, seconds=1)
    services.locate(text=ADDRESS)
    assert len(maps.calls) == 2


def test_an_answer_asked_again_is_kept_30_more_days(maps, later):
    services.locate(text=ADDRESS)
    later(days=31)
    services.locate(text=ADDRESS)
    later(days=60)
    services.locate(text=ADDRESS)
    assert len(maps.calls) == 2
    assert Geocode.objects.count() == 1


def test_what_the_customer_typed_is_not_stored(maps):
    services.locate(text="chez Mme Martin, code 4512, 17 rue Esquermoise, 59000 Lille")
    stored = " ".join(str(value) for value in Geocode.objects.values_list().get())
    assert "Martin" not in stored
    assert "4512" not in stored


def test_an_address_that_google_does_not_know_is_placed_by_our_own_data(maps):
    maps.geocoding = {"status": "ZERO_RESULTS", "results": []}
    location = services.locate(text=ADDRESS)
    assert (location.city, location.street, location.precise) == ("Lille", "17 rue Esquermoise", False)


def test_an_address_that_google_does_not_know_is_no_failure(maps):
    maps.geocoding = {"status": "ZERO_RESULTS", "results": []}
    services.locate(text=ADDRESS)
    services.locate(text="59130 Lambersart")
    assert len(maps.calls) == 2


def test_a_place_that_nobody_knows_is_refused(maps):
    maps.geocoding = {"status": "ZERO_RESULTS", "results": []}
    with pytest.raises(offline.UnknownPlace):
        services.locate(text="Atlantis")


def test_a_shop_asks_and_keeps_with_its_own_role(shop, maps):
    first = services.locate(text=ADDRESS)
    assert services.locate(text=ADDRESS) == first
    assert first.precise
    assert len(maps.calls) == 1


def test_travel_times_come_from_google_in_the_order_asked(maps):
    maps.matrix = [element(1, 1090, 11_000), element(0, 330, 3_400)]
    assert services.travel(origin=LILLE, destinations=[LAMBERSART, ROUBAIX]) == [
        Travel(3_400, 6, estimated=False),
        Travel(11_000, 18, estimated=False),
    ]


def test_google_is_asked_for_every_destination_in_one_call_with_the_key_in_a_header(maps):
    maps.matrix = [element(0, 330, 3_400), element(1, 1090, 11_000)]
    services.travel(origin=LILLE, destinations=[LAMBERSART, ROUBAIX])
    (call,) = maps.calls
    assert call.path == "/distanceMatrix/v2:computeRouteMatrix"
    assert call.query == {}
    assert call.headers["X-Goog-Api-Key"] == KEY
    assert "duration" in call.headers["X-Goog-FieldMask"]
    points = [waypoint["waypoint"]["location"]["latLng"] for waypoint in call.body["destinations"]]
    assert points == [{"latitude": 50.65, "longitude": 3.03}, {"latitude": 50.69, "longitude": 3.18}]


def test_a_way_that_google_does_not_find_makes_every_way_estimated(maps):
    maps.matrix = [element(0, 330, 3_400), {"originIndex": 0, "destinationIndex": 1, "condition": "ROUTE_NOT_FOUND"}]
    assert all(way.estimated for way in services.travel(origin=LILLE, destinations=[LAMBERSART, ROUBAIX]))


def test_no_destination_is_no_question(maps):
    assert services.travel(origin=LILLE, destinations=[]) == []
    assert maps.calls == []


@pytest.mark.parametrize("fail", FAILURES)
def test_when_geocoding_fails_our_own_data_answers_and_says_so(maps, fail):
    fail(maps)
    location = services.locate(text=ADDRESS)
    assert (location.city, location.street, location.precise) == ("Lille", "17 rue Esquermoise", False)
    assert not Geocode.objects.exists()


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_when_travel_times_fail_they_are_estimated_and_say_so(maps, status):
    maps.status = status
    (way,) = services.travel(origin=LILLE, destinations=[LAMBERSART])
    assert way.estimated
    assert len(maps.calls) == 1


def test_an_error_of_google_s_servers_is_given_up(maps):
    maps.status = 500
    location = services.locate(text=ADDRESS)
    assert not location.precise
    assert maps.calls


class SlowClock(dt.datetime):
    """The clock of a process that is held up for a second whenever it looks."""

    looks = itertools.count()

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
        return super().now(tz) + dt.timedelta(seconds=next(cls.looks))


@pytest.mark.parametrize("status", [500, 503, 504])
def test_an_error_of_google_s_servers_is_asked_about_once(maps, status):
    maps.status = status
    services.locate(text=ADDRESS)
    assert len(maps.calls) == 1


def test_a_process_that_was_held_up_asks_google_all_the_same(maps, monkeypatch):
    monkeypatch.setattr("googlemaps.client.datetime", SlowClock)
    assert services.locate(text=ADDRESS).precise
    assert len(maps.calls) == 1


def test_when_google_is_silent_nobody_waits_for_an_address(silent):
    assert not services.locate(text=ADDRESS).precise
    assert len(silent.calls) == 1


def test_when_google_is_silent_nobody_waits_for_a_way(silent):
    assert services.travel(origin=LILLE, destinations=[LAMBERSART])[0].estimated
    assert len(silent.calls) == 1


def test_when_nothing_listens_at_google_s_our_own_data_answers(maps, settings):
    settings.MAPS_BASE_URL = settings.MAPS_ROUTES_URL = "http://127.0.0.1:9"  # the port of nobody
    assert not services.locate(text=ADDRESS).precise
    assert services.travel(origin=LILLE, destinations=[LAMBERSART])[0].estimated


def test_a_key_that_is_no_key_of_google_s_is_a_failure_like_another(maps, settings):
    settings.MAPS_API_KEY = "nonsense"
    assert not services.locate(text=ADDRESS).precise
    assert maps.calls == []


@pytest.mark.parametrize("fail", FAILURES)
def test_after_a_failure_nobody_calls_until_the_pause_has_passed(maps, later, fail):
    fail(maps)
    services.locate(text=ADDRESS)
    services.locate(text="59130 Lambersart")
    services.travel(origin=LILLE, destinations=[LAMBERSART])
    later(seconds=59)
    services.locate(text="59100 Roubaix")
    assert len(maps.calls) == 1
    later(seconds=61)
    services.locate(text="59100 Roubaix")
    assert len(maps.calls) == 2


def test_a_silence_opens_the_breaker_for_addresses_too(silent):
    services.travel(origin=LILLE, destinations=[LAMBERSART])
    services.locate(text=ADDRESS)
    assert len(silent.calls) == 1


def test_after_the_pause_google_answers_again(maps, later):
    fail_by_error(maps)
    services.locate(text=ADDRESS)
    maps.status, maps.raw = 200, None
    assert not services.locate(text=ADDRESS).precise
    later(seconds=61)
    assert services.locate(text=ADDRESS).precise


def test_what_is_kept_answers_during_an_outage(maps):
    services.locate(text=ADDRESS)
    fail_by_error(maps)
    services.locate(text="59130 Lambersart")
    assert services.locate(text=ADDRESS).precise


def test_the_day_s_budget_is_never_passed_and_addresses_and_ways_share_it(maps, settings):
    settings.MAPS_DAILY_CALLS = 2
    maps.matrix = [element(0, 330, 3_400)]
    services.locate(text=ADDRESS)
    assert not services.travel(origin=LILLE, destinations=[LAMBERSART])[0].estimated
    assert services.travel(origin=LILLE, destinations=[LAMBERSART])[0].estimated
    assert not services.locate(text="59130 Lambersart").precise
    assert len(maps.calls) == 2
    assert DailyCalls.objects.get().calls == 2


def test_what_is_kept_costs_nothing_of_the_budget(maps, settings):
    settings.MAPS_DAILY_CALLS = 1
    services.locate(text=ADDRESS)
    assert services.locate(text=ADDRESS).precise
    assert DailyCalls.objects.get().calls == 1


def test_the_next_day_has_a_budget_of_its_own(maps, settings, later):
    settings.MAPS_DAILY_CALLS = 1
    services.locate(text=ADDRESS)
    services.locate(text="59130 Lambersart")
    later(days=1)
    services.locate(text="59100 Roubaix")
    assert len(maps.calls) == 2


def test_a_budget_of_nothing_allows_no_call(maps, settings):
    settings.MAPS_DAILY_CALLS = 0
    services.locate(text=ADDRESS)
    assert maps.calls == []


def test_an_error_of_google_s_servers_costs_one_call(maps):
    maps.status = 500
    services.locate(text=ADDRESS)
    assert len(maps.calls) == DailyCalls.objects.get().calls


def everything_that_may_go_wrong(maps: Google, settings, later) -> None:
    maps.matrix = [element(0, 330, 3_400)]
    for minutes, fail in enumerate([lambda maps: None, *FAILURES]):
        later(minutes=2 * minutes)
        maps.status, maps.raw = 200, None
        fail(maps)
        services.locate(text=ADDRESS.replace("17", str(minutes)))
        later(minutes=2 * minutes, seconds=90)
        services.travel(origin=LILLE, destinations=[LAMBERSART])
    settings.MAPS_BASE_URL = settings.MAPS_ROUTES_URL = "http://127.0.0.1:9"
    later(hours=1)
    services.locate(text=ADDRESS)
    later(hours=2)
    services.travel(origin=LILLE, destinations=[LAMBERSART])


def test_neither_the_key_nor_the_address_reaches_the_log(maps, settings, later, caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("shared_apps.places").info("the log is heard")
        everything_that_may_go_wrong(maps, settings, later)
    assert "the log is heard" in caplog.text
    assert len(maps.calls) >= 6
    assert_nothing_told(caplog.text)


def test_neither_the_key_nor_the_address_reaches_the_log_of_somebody_who_debugs(maps, settings, later, caplog):
    with caplog.at_level(logging.DEBUG):
        everything_that_may_go_wrong(maps, settings, later)
    assert_nothing_told(caplog.text)


def assert_nothing_told(text: str) -> None:
    for secret in (KEY, "Esquermoise", "esquermoise", "50.6366", "3.0635"):
        assert secret not in text


@pytest.mark.parametrize("fail", FAILURES)
def test_the_failure_itself_tells_neither_the_key_nor_the_address(maps, fail):
    fail(maps)
    with pytest.raises(google.GoogleFailed) as failure:
        google.geocode(text=ADDRESS)
    assert_nothing_told(str(failure.value))
    assert failure.value.__suppress_context__
