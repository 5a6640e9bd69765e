"""The menu of a shop through gunicorn, against bare Django pages that make the same queries.

The work: a customer who is signed in, with a basket, opens `/` of a shop: host, schema and role, session, user, basket,
the card with what the stock allows of each product, hours, settings, origins; the whole page rendered.
"""

from collections.abc import Iterator

from django_tenants.utils import schema_context

from bench import serving, shops
from bench.reporting import Line, Target
from shared_apps.accounts.models import User
from shared_apps.baskets import services as baskets
from shared_apps.catalogue.models import Product

EMAIL = "cliente@bench.example"


def lines() -> Iterator[Line]:
    yield from serving.compared(
        _visit(),
        work="menu page, customer signed in, gunicorn",
        target=Target(">=", 0.9),
        count=lambda body: body.count('<li class="card dish'),
        counted=Product.objects.filter(published=True).count(),
        words="products",
    )


def _visit() -> serving.Visit:
    (shop,) = shops.opened(1, kind="menu")
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, name="Camille")
    with schema_context(shop.schema_name):
        basket = baskets.create(pizzeria_id=shop.id)
        for line in shops.three_pizzas():
            baskets.add(basket=basket, configuration=line.configuration, quantity=line.quantity)
    return serving.Visit(shop, "/", EMAIL, serving.signed_in(user) | {baskets.COOKIE: str(basket.token)})
