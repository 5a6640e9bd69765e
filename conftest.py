"""Fixtures of every test: a catalogue and two shops made once per run, a transaction per test (ADR 0020).

Never `transactional_db` nor `live_server`: their flush breaks on the keys between schemas and would empty the catalogue.
A race or a browser takes `own_shop`, a pizzeria of its own, committed, dropped after.
"""

import datetime as dt
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from io import StringIO

import hypothesis
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Membership, Role, User
from shared_apps.catalogue import loading
from shared_apps.catalogue.models import ServiceMode, Variant
from shared_apps.catalogue.recipes import Configuration
from shared_apps.onboarding import plans, services
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Asked
from tenant_apps.orders.services import placing
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenants import hosts, schemas
from tenants.backend.base import OWNER
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.roles import acting_as

pytest_plugins = ["stripe_stand_in.testing"]

# Speed is measured by `make bench`: a machine that is busy fails no property.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")
# Playwright's synchronous interface keeps an event loop in this thread; the tests use the database in it all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PASSWORD = "mot-de-passe-long"
FULL_PROOF = os.environ.get("OCPIZZA_PROOF") == "full"  # make proof
ROUND_THE_CLOCK = tuple((weekday, dt.time(4), dt.time(4)) for weekday in range(7))


def plan(slug: str, **changes: object) -> plans.Plan:
    """A pizzeria that never closes: tests run at any hour."""
    values: dict[str, object] = {
        "name": f"OC Pizza {slug.title()}",
        "slug": slug,
        "street": "1 place du Général-de-Gaulle",
        "postcode": "59000",
        "city": "Lille",
        "latitude": 50.6366,
        "longitude": 3.0635,
        "phone": "+33320000000",
        "manager": f"responsable@{slug}.example",
        "hours": ROUND_THE_CLOCK,
        # What comes by ten in the morning would make a test say something else at nine than at eleven.
        "with_suppliers": False,
    }
    return plans.Plan(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    return find


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings) -> Iterator[None]:
    """The test database, made whatever the tests ask for: pytest-django makes none for those that commit (`own_shop`)."""
    with django_db_blocker.unblock():
        databases = setup_databases(verbosity=0, interactive=False)
        loading.load(loading.read())
        for slug in ("nation", "voisine"):
            services.open_pizzeria(plan=plan(slug))
    yield
    with django_db_blocker.unblock():
        teardown_databases(databases, verbosity=0)


def open_shop(slug: str, **changes: object) -> Shop:
    with schema_context("public"):
        return Shop.of(services.open_pizzeria(plan=plan(slug, **changes)).pizzeria)


def shop_of(slug: str) -> Shop:
    return Shop.of(Pizzeria.objects.get(slug=slug))


@pytest.fixture
def shop(db) -> Iterator[Shop]:
    """The shop « nation », and the connection in its schema."""
    hosts.forget()
    shop = shop_of("nation")
    with schema_context(shop.schema_name):
        yield shop


@pytest.fixture
def neighbour(db) -> Shop:
    """Another shop of the group."""
    return shop_of("voisine")


@pytest.fixture
def own_shop(django_db_setup, django_db_blocker) -> Iterator[Shop]:
    """A committed shop of its own for threads, processes and browsers; the connection is in its schema."""
    slug = f"essai-{uuid.uuid4().hex[:8]}"
    with django_db_blocker.unblock():
        pizzeria = services.open_pizzeria(plan=plan(slug)).pizzeria
        try:
            with schema_context(pizzeria.schema_name):
                yield Shop.of(pizzeria)
        finally:
            connection.set_schema_to_public()
            drop_shop(pizzeria)
            connection.close()


def drop_shop(pizzeria: Pizzeria) -> None:
    with acting_as(OWNER), connection.cursor() as cursor:  # the application itself may not
        cursor.execute("DELETE FROM sales_tillclosing WHERE pizzeria_id = %s", [pizzeria.pk])
    for table in (
        "sales_ordersummary",
        "sales_hourlysales",
        "sales_productsales",
        "sales_stockalert",
        "sales_tillanchor",
        "told_message",
        "gateway_gatewayevent",
        "gateway_followup",
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE pizzeria_id = %s", [pizzeria.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM baskets_basketline USING baskets_basket AS basket"
            " WHERE basket.token = basket_id AND basket.pizzeria_id = %s",
            [pizzeria.pk],
        )
        cursor.execute("DELETE FROM baskets_basket WHERE pizzeria_id = %s", [pizzeria.pk])
    with acting_as(OWNER), connection.cursor() as cursor:  # the history is kept for ever, but for a test's shop
        cursor.execute("DELETE FROM accounts_auditentry WHERE pizzeria_id = %s", [pizzeria.pk])
    schemas.drop(schema_name=pizzeria.schema_name)
    OrmQ.objects.all().delete()  # what nobody will do any more
    people = User.objects.filter(email__endswith=f"{pizzeria.slug}.example")
    with acting_as(OWNER), connection.cursor() as cursor:  # kept for ever, by everybody else
        cursor.execute(
            "DELETE FROM accounts_auditentry WHERE pizzeria_id = %s OR actor_id = ANY(%s)",
            [pizzeria.pk, list(people.values_list("pk", flat=True))],
        )
    people.delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_domain WHERE tenant_id = %s", [pizzeria.pk])
        cursor.execute("DELETE FROM tenants_pizzeria WHERE id = %s", [pizzeria.pk])


def proof_size(short: int, full: int) -> int:
    """How long a proof is: short in every test run, in full by `make proof`."""
    return full if FULL_PROOF else short


def variant(code: str, size: str | None = "classique") -> Variant:
    return Variant.objects.get(product__code=code, size__code=size)


def ask(code: str, quantity: int = 1, size: str | None = "classique", **parts: object) -> Asked:
    return Asked(Configuration(variant(code, size).pk, **parts), quantity)  # type: ignore[arg-type]


CONTACT = Contact(name="Camille Martin", phone="+33612345678", email="camille@example.com")
CUSTOMER = By(Actor.CUSTOMER)
COOK = By(Actor.COOK)
COUNTER = By(Actor.COUNTER)
DRIVER = By(Actor.DRIVER)
MANAGER = By(Actor.MANAGER)


def place(shop: Shop, *lines: Asked, **changes: object) -> Order:
    """An order as a customer of the web places it: to collect, as soon as possible, unless changed."""
    values: dict[str, object] = {
        "shop": shop,
        "submission": uuid.uuid4(),
        "lines": list(lines) or [ask("margherita")],
        "wishes": Wishes(mode=ServiceMode.COLLECTION),
        "contact": CONTACT,
        "channel": Order.Channel.WEB,
        "by": CUSTOMER,
        "now": timezone.now(),
        "terms_version": "2026-11",
    }
    with schema_context(shop.schema_name):  # a visit leaves the connection on the public schema
        return placing.place(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def make_staff(db) -> Callable[..., User]:
    def make(role: Role | None, shop: Shop | None = None) -> User:
        """Somebody with a role in a shop or in the group; a customer without one."""
        with schema_context("public"):  # a shop's role creates nobody
            user = User.objects.create_user(
                f"{role}-{uuid.uuid4().hex[:6]}@example.com", PASSWORD, name="Alix", email_proven_at=timezone.now()
            )
            if role is not None:
                Membership.objects.create(user=user, role=role, pizzeria_id=shop.id if shop else None)
        return user

    return make


@pytest.fixture
def visit(settings) -> Callable[..., Client]:
    """A browser's visit to a shop's host, or to the group's; signed in as `user` when given."""

    def client_for(shop: Shop | None = None, user: User | None = None) -> Client:
        host = f"{shop.slug}.{settings.BASE_DOMAIN}" if shop else settings.BASE_DOMAIN
        client = Client(HTTP_HOST=host)
        if user:
            client.force_login(user)
        return client

    return client_for


def check_invariants() -> None:
    """What every race and every browser test ends with: the whole database adds up."""
    call_command("check_invariants", stdout=StringIO())
