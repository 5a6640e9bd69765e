"""A short evening played against a real site: the one that `manage.py simulate_service` plays at full length."""

import io

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import schema_context

from conftest import check_invariants
from shared_apps.onboarding import demo
from tenant_apps.orders.models import Order
from tenants.models import Pizzeria

PLACED = ("commande web", "commande au téléphone", "commande au comptoir")
pytestmark = pytest.mark.xdist_group("browser")


def played(settings, own_shop, site, **options) -> str:
    said = io.StringIO()
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # the site, a process of its own, knows no quicker one
    with schema_context("public"):
        demo.give_staff(Pizzeria.objects.get(pk=own_shop.id))
        call_command(
            "simulate_service", shop=own_shop.slug, address=f"127.0.0.1:{site.port}", stdout=said, **options
        )  # fmt: skip
    return said.getvalue()


def test_a_short_evening_is_played_by_http_to_its_report(settings, site, own_shop):
    said = played(settings, own_shop, site, orders=14, minutes=1, seed=5)
    acts = said.split("Actes : ")[1].splitlines()[0].split(", ")
    counts = {act: int(count) for act, count in (one.rsplit(" ", 1) for one in acts)}
    assert {*PLACED, "payé en ligne"} <= counts.keys(), said
    assert "Pannes du site : 0" in said
    assert "tout concorde" in said
    with schema_context(own_shop.schema_name):
        placed = Order.objects.count()
        assert f"Commandes : {placed} (" in said
        assert placed == sum(counts[act] for act in PLACED)
        assert Order.objects.filter(online_payments__isnull=False).exists()
    check_invariants()


def test_nobody_plays_in_a_shop_that_is_not_there(db):
    with pytest.raises(CommandError, match="Aucune pizzeria « lune »"):
        call_command("simulate_service", shop="lune")
