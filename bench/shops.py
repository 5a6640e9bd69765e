"""The shops of the benchmark: opened by the real service, then filled with past orders by set statements."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.core.management import call_command
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.catalogue import loading
from shared_apps.catalogue.models import ServiceMode, Variant
from shared_apps.catalogue.recipes import Configuration
from shared_apps.core.calendar import PARIS
from shared_apps.onboarding import plans, services
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.quoting import Asked
from tenant_apps.orders.services import placing
from tenant_apps.orders.services.acts import By
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenants.hosts import Shop
from tenants.models import Pizzeria

EVERY_DAY = tuple(
    (weekday, opens, closes)
    for weekday in range(7)
    for opens, closes in ((dt.time(11, 30), dt.time(14)), (dt.time(18), dt.time(22)))
)
THREE_PIZZAS = (("reine", "classique"), ("napolitaine", "grande"), ("margherita", "classique"))  # of 12 ingredients
CONTACT = Contact(name="Camille Martin", phone="+33612345678", email="camille@example.com")


def noon() -> dt.datetime:
    """Noon of today in Paris: the same work at whatever hour the benchmark runs."""
    return timezone.now().astimezone(PARIS).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def prepare_public_schema() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    loading.load(loading.read())


def plan(slug: str) -> plans.Plan:
    return plans.Plan(
        name=f"OC Pizza {slug}",
        slug=slug,
        street="1 place du Général-de-Gaulle",
        postcode="59000",
        city="Lille",
        latitude=50.6366,
        longitude=3.0635,
        phone="+33320000000",
        manager=f"responsable@{slug}.example",
        hours=EVERY_DAY,
    )


def opened(count: int, *, kind: str) -> list[Shop]:
    """So many shops named after `kind`, those that lack being opened now."""
    slugs = [f"{kind}-{number:03d}" for number in range(1, count + 1)]
    there = set(Pizzeria.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    for slug in slugs:
        if slug not in there:
            services.open_pizzeria(plan=plan(slug))
    return [Shop.of(pizzeria) for pizzeria in Pizzeria.objects.filter(slug__in=slugs).order_by("slug")]


def three_pizzas() -> list[Asked]:
    return [Asked(_configuration(code, size), 1) for code, size in THREE_PIZZAS]


def _configuration(code: str, size: str) -> Configuration:
    return Configuration(Variant.objects.get(product__code=code, size__code=size).pk)


def place(shop: Shop, lines: Sequence[Asked]) -> Order:
    """An order as a customer of the web places it, to collect, as soon as possible, at noon."""
    return _place(shop, lines, Order.Channel.WEB, By(Actor.CUSTOMER), None)


def place_and_pay(shop: Shop, lines: Sequence[Asked]) -> Order:
    """The same at the counter, paid by card there and then: the payment and the sale are sealed in the till's journal."""
    tender = Tender(Payment.Means.CARD_TERMINAL, uuid.uuid4())
    return _place(shop, lines, Order.Channel.COUNTER, By(Actor.COUNTER), tender)


def _place(shop: Shop, lines: Sequence[Asked], channel: Order.Channel, by: By, paid: Tender | None) -> Order:
    with schema_context(shop.schema_name):
        return placing.place(
            shop=shop,
            submission=uuid.uuid4(),
            lines=lines,
            wishes=Wishes(mode=ServiceMode.COLLECTION),
            contact=CONTACT,
            channel=channel,
            by=by,
            now=noon(),
            terms_version="2026-11",
            paid=paid,
        )
