"""From the name in the address bar to a shop, to the group, or to nobody."""

from dataclasses import FrozenInstanceError

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from shared_apps.onboarding import services
from tenants import hosts
from tenants.middleware import PizzeriaMiddleware
from tenants.models import Domain, Pizzeria

pytestmark = pytest.mark.django_db
BASE = settings.BASE_DOMAIN


@pytest.fixture(autouse=True)
def _nothing_remembered():
    hosts.forget()
    yield
    hosts.forget()
    connection.set_schema_to_public()


def seen_from(host: str) -> tuple[str | None, str, str]:
    """(shop, schema, URLs) as a view gets them."""

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((request.pizzeria and request.pizzeria.slug, connection.schema_name, request.urlconf))
        return HttpResponse()

    seen: list[tuple[str | None, str, str]] = []
    PizzeriaMiddleware(view)(RequestFactory().get("/", headers={"host": host}))
    return seen[0]


def nation() -> Pizzeria:
    return Pizzeria.objects.get(slug="nation")


@pytest.mark.parametrize("host", [f"nation.{BASE}", f"nation.{BASE}:8000", f"NATION.{BASE.upper()}"])
def test_a_shop_s_host_leads_to_its_schema_and_its_urls(host):
    assert seen_from(host) == ("nation", "shop_nation", "ocpizza.urls.shop")


@pytest.mark.parametrize("host", [BASE, f"www.{BASE}", f"{BASE}:8000", f"WWW.{BASE}"])
def test_the_group_s_host_stays_outside_any_shop(host):
    assert seen_from(host) == (None, "public", "ocpizza.urls.group")


@pytest.mark.parametrize("host", [f"atlantis.{BASE}", f"a.nation.{BASE}", f"nation-.{BASE}"])
def test_an_unknown_host_is_not_found(host):
    answer = Client(headers={"host": host}).get("/")
    assert answer.status_code == 404
    assert BASE in answer.content.decode()  # the way to the group's site
    assert connection.schema_name == "public"


def test_a_host_outside_the_group_is_refused():
    assert Client(headers={"host": "nation.example.com"}).get("/").status_code == 400


@pytest.mark.parametrize("path", ["/", "/cuisine/", "/nowhere/"])
def test_a_suspended_shop_says_so_and_when_to_come_back(path):
    services.suspend(pizzeria=nation())
    answer = Client(headers={"host": f"nation.{BASE}"}).get(path)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "OC Pizza Nation" in answer.content.decode()
    assert connection.schema_name == "public"


def test_a_suspended_shop_takes_nothing():
    services.suspend(pizzeria=nation())
    assert Client(headers={"host": f"nation.{BASE}"}).post("/", {"product": "1"}).status_code == 503


def test_a_suspended_shop_does_not_stop_the_others():
    services.suspend(pizzeria=nation())
    assert seen_from(f"voisine.{BASE}")[0] == "voisine"


def test_a_shop_that_has_closed_says_so_for_good():
    Pizzeria.objects.filter(slug="nation").update(state=Pizzeria.State.CLOSED)
    answer = Client(headers={"host": f"nation.{BASE}"}).get("/")
    assert answer.status_code == 410
    assert "a fermé" in answer.content.decode()


@pytest.mark.parametrize("host", [f"nation.{BASE}", f"atlantis.{BASE}"])
def test_the_page_of_a_suspended_or_unknown_shop_gets_its_style(host):
    services.suspend(pizzeria=nation())
    answer = Client(headers={"host": host}).get("/static/css/base.css")
    answer.close()
    assert answer.status_code == 200


def test_suspending_and_resuming_count_at_once_in_this_process():
    assert seen_from(f"nation.{BASE}")[0] == "nation"
    call_command("suspend_pizzeria", "nation")
    assert Client(headers={"host": f"nation.{BASE}"}).get("/").status_code == 503
    call_command("resume_pizzeria", "nation")
    assert seen_from(f"nation.{BASE}")[0] == "nation"


def test_a_known_host_costs_no_query(django_assert_num_queries):
    hosts.shop_for(f"nation.{BASE}")
    with django_assert_num_queries(0):
        assert hosts.shop_for(f"nation.{BASE}").slug == "nation"


def test_what_is_known_is_asked_again_after_a_while(settings):
    settings.SHOP_CACHE_SECONDS = 0
    assert hosts.shop_for(f"nation.{BASE}").is_trading
    Pizzeria.objects.filter(slug="nation").update(state=Pizzeria.State.SUSPENDED)  # by another process
    assert not hosts.shop_for(f"nation.{BASE}").is_trading


def test_what_is_not_known_is_not_remembered():
    with pytest.raises(hosts.UnknownHost):
        hosts.shop_for(f"nouvelle.{BASE}")
    Domain.objects.create(tenant=nation(), domain=f"nouvelle.{BASE}", is_primary=False)
    assert hosts.shop_for(f"nouvelle.{BASE}").slug == "nation"


def test_nobody_can_change_a_shop_through_what_is_remembered():
    with pytest.raises(FrozenInstanceError):
        hosts.shop_for(f"nation.{BASE}").state = "closed"


def test_a_request_leaves_the_connection_outside_any_shop():
    seen_from(f"nation.{BASE}")
    assert connection.schema_name == "public"


def test_a_request_that_fails_leaves_the_connection_outside_any_shop():
    def view(_request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        PizzeriaMiddleware(view)(RequestFactory().get("/", headers={"host": f"nation.{BASE}"}))
    assert connection.schema_name == "public"


def test_a_request_does_not_begin_where_the_one_before_ended():
    connection.set_schema("shop_nation")
    assert seen_from(BASE)[1] == "public"
    connection.set_schema("shop_nation")
    assert Client(headers={"host": f"atlantis.{BASE}"}).get("/").status_code == 404
    assert connection.schema_name == "public"


def test_a_shop_s_address_is_its_slug_under_the_group_s(settings):
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", ""
    assert nation().url == f"https://nation.{BASE}"
    settings.PUBLIC_PORT = "8000"
    assert nation().url == f"https://nation.{BASE}:8000"


def test_a_shop_without_legal_data_of_its_own_has_the_group_s(settings):
    settings.GROUP_LEGAL_NAME, settings.GROUP_SIRET, settings.GROUP_VAT_NUMBER = "Groupe", "1" * 14, "FR00111111111"
    shop = hosts.shop_for(f"nation.{BASE}")
    assert (shop.legal_name, shop.siret, shop.vat_number) == ("Groupe", "1" * 14, "FR00111111111")
    assert shop.has_legal_data


@pytest.mark.parametrize("missing", ["GROUP_LEGAL_NAME", "GROUP_SIRET", "GROUP_VAT_NUMBER"])
def test_a_shop_whose_legal_data_is_incomplete_says_so(settings, missing):
    setattr(settings, missing, "")
    assert not hosts.shop_for(f"nation.{BASE}").has_legal_data
