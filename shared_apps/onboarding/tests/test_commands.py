import datetime as dt
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from conftest import COUNTER, place, plan
from shared_apps.accounts.models import AuditEntry, Membership, Role, User
from shared_apps.catalogue.models import Ingredient
from shared_apps.onboarding import services
from shared_apps.onboarding.management.commands import suspend_pizzeria
from tenant_apps.orders.services import changing
from tenant_apps.shop.models import OpeningRange, ShopSettings
from tenant_apps.stock.models import StockLevel
from tenants.models import Domain, Pizzeria

pytestmark = pytest.mark.django_db
FLAGS = {
    "name": "OC Pizza Lambersart",
    "slug": "lambersart",
    "address": "12 avenue de Dunkerque, 59130 Lambersart",
    "phone": "03 20 12 34 56",
    "manager": "marie@ocpizza.example",
}
SECTION = """
[[pizzeria]]
name = "OC Pizza {name}"
slug = "{slug}"
address = "1 place de la Mairie, {place}"
phone = "03 20 12 34 56"
manager = "{slug}@ocpizza.example"
hours = ["lun-dim 18:00-23:00"]
"""
LAMBERSART = SECTION.format(name="Lambersart", slug="lambersart", place="59130 Lambersart")
ROUBAIX = SECTION.format(name="Roubaix", slug="roubaix", place="59100 Roubaix")
NOWHERE = SECTION.format(name="Nullepart", slug="nullepart", place="00000 Nullepart")


def run(name: str, *arguments: str, **options: object) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def refused(name: str, *arguments: str, **options: object) -> str:
    with pytest.raises(CommandError) as refusal:
        run(name, *arguments, **options)
    return str(refusal.value)


def flags(**changes: str) -> list[str]:
    return [f"--{flag}={value}" for flag, value in (FLAGS | changes).items()]


@pytest.fixture
def file(tmp_path) -> Callable[..., Path]:
    def write(*sections: str) -> Path:
        path = tmp_path / "ouvertures.toml"
        path.write_text("".join(sections), encoding="utf-8")
        return path

    return write


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shop!_%%' ESCAPE '!'")
        return {name for (name,) in cursor.fetchall()}


def roles() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{connection.settings_dict['NAME']}_%"])
        return {name for (name,) in cursor.fetchall()}


def everything() -> dict[str, object]:
    return {
        "pizzerias": sorted(Pizzeria.objects.values_list()),
        "domains": sorted(Domain.objects.values_list()),
        "users": sorted(User.objects.values_list("pk", "email", "password")),
        "memberships": sorted(Membership.objects.values_list("pk", "user", "pizzeria", "role")),
        "tasks": sorted(OrmQ.objects.values_list("pk", flat=True)),
        "schemas": schemas(),
        "roles": roles(),
    }


def invitations() -> list[tuple[int, int]]:
    tasks = [queued.task for queued in OrmQ.objects.order_by("pk")]
    return [task["args"] for task in tasks if task["func"] == "shared_apps.accounts.tasks.invite"]


def test_flags_open_a_pizzeria_with_all_that_it_needs():
    said = run("create_pizzeria", *flags())
    pizzeria = Pizzeria.objects.get(slug="lambersart")
    assert pizzeria.name in said
    assert pizzeria.url in said
    assert pizzeria.address == "12 avenue de Dunkerque, 59130 Lambersart"
    assert pizzeria.phone == "+33320123456"
    assert pizzeria.state == Pizzeria.State.TRADING
    assert Domain.objects.get(tenant=pizzeria).domain == pizzeria.host
    with schema_context(pizzeria.schema_name):
        assert ShopSettings.objects.get().takes_orders
        assert OpeningRange.objects.exists()
        levels = dict(StockLevel.objects.values_list("ingredient", "on_hand"))
    assert levels == dict(Ingredient.objects.values_list("pk", "par_quantity"))


def test_the_manager_is_a_member_and_is_invited_once():
    before = len(invitations())
    run("create_pizzeria", *flags(manager="Marie@OCPizza.example"))
    pizzeria = Pizzeria.objects.get(slug="lambersart")
    member = Membership.objects.get(pizzeria=pizzeria)
    assert (member.user.email, member.role) == ("marie@ocpizza.example", Role.MANAGER)
    assert not member.user.has_usable_password()
    assert invitations()[before:] == [(member.user.pk, pizzeria.pk)]


def test_a_manager_who_has_an_account_keeps_it():
    proven = {"email_proven_at": timezone.now()}
    user = User.objects.create_user("marie@ocpizza.example", "mot-de-passe-long", name="Marie", **proven)
    run("create_pizzeria", *flags())
    user.refresh_from_db()
    assert user.check_password("mot-de-passe-long")
    assert Membership.objects.get(pizzeria__slug="lambersart").user == user


def test_opening_again_repeats_nothing():
    run("create_pizzeria", *flags())
    before = everything()
    said = run("create_pizzeria", *flags())
    assert "déjà ouverte, rien à faire" in said
    assert everything() == before


def test_opening_again_leaves_what_the_shop_changed():
    run("create_pizzeria", *flags())
    with schema_context("shop_lambersart"):
        ShopSettings.objects.update(delivery_radius_m=1234)
        StockLevel.objects.update(on_hand=7)
    run("create_pizzeria", *flags())
    with schema_context("shop_lambersart"):
        assert ShopSettings.objects.get().delivery_radius_m == 1234
        assert set(StockLevel.objects.values_list("on_hand", flat=True)) == {7}


def test_opening_again_completes_what_is_missing_and_only_that():
    run("create_pizzeria", *flags())
    before = everything()
    Domain.objects.filter(tenant__slug="lambersart").delete()
    said = run("create_pizzeria", *flags())
    assert "adresse web" in said
    assert "schéma" not in said
    assert "invitation" not in said
    after = everything()
    assert [row[1:] for row in after.pop("domains")] == [row[1:] for row in before.pop("domains")]
    assert after == before


def test_a_pizzeria_may_open_with_an_empty_stock(file):
    run("create_pizzeria", file=file(LAMBERSART, 'opening_stock = "empty"\n'))
    with schema_context("shop_lambersart"):
        assert StockLevel.objects.exists()
        assert not StockLevel.objects.exclude(on_hand=0).exists()


def test_a_file_opens_several_and_tells_how_far_it_is(file):
    said = run("create_pizzeria", file=file(LAMBERSART, ROUBAIX))
    assert "[1/2] OC Pizza Lambersart" in said
    assert "[2/2] OC Pizza Roubaix" in said
    assert {"shop_lambersart", "shop_roubaix"} <= schemas()
    with schema_context("shop_roubaix"):
        assert set(OpeningRange.objects.values_list("opens", "closes")) == {(dt.time(18), dt.time(23))}


def test_a_file_again_opens_only_what_is_new(file):
    run("create_pizzeria", file=file(LAMBERSART))
    said = run("create_pizzeria", file=file(LAMBERSART, ROUBAIX))
    first, second = said.split("[2/2]")
    assert "rien à faire" in first
    assert "rien à faire" not in second
    before = everything()
    run("create_pizzeria", file=file(LAMBERSART, ROUBAIX))
    assert everything() == before


@pytest.mark.parametrize("sections", [(LAMBERSART, NOWHERE), (NOWHERE, LAMBERSART), (LAMBERSART, LAMBERSART)])
def test_nothing_is_created_when_one_entry_is_bad(file, sections):
    before = everything()
    said = refused("create_pizzeria", file=file(*sections))
    assert said.startswith("Rien n'a été créé.")
    assert everything() == before


def test_all_the_problems_are_shown_a_line_each(file):
    said = refused("create_pizzeria", *flags(slug="www", phone="12", manager="marie"))
    assert len(said.splitlines()) == 4
    assert all(line.startswith("  - www : ") for line in said.splitlines()[1:])


@pytest.mark.parametrize("given", [[], ["--name=OC Pizza", "--file=ouvertures.toml"]])
def test_flags_or_a_file_but_not_both_nor_nothing(given):
    assert "--file" in refused("create_pizzeria", *given)


def test_a_missing_flag_is_told_by_its_name():
    assert "« phone » manque" in refused("create_pizzeria", *flags()[:3], f"--manager={FLAGS['manager']}")


def test_a_pizzeria_that_cannot_be_finished_leaves_nothing():
    before = everything()
    with pytest.raises(DatabaseError):
        services.open_pizzeria(plan=plan("lambersart", manager=f"{'m' * 300}@ocpizza.example"))
    assert everything() == before


def test_the_list_shows_every_pizzeria_with_its_state_and_its_address():
    services.suspend(pizzeria=Pizzeria.objects.get(slug="voisine"))
    lines = {line.split()[0]: line for line in run("list_pizzerias").splitlines()}
    assert {"nation", "voisine"} <= lines.keys()
    for pizzeria in Pizzeria.objects.filter(slug__in=["nation", "voisine"]):
        assert pizzeria.name in lines[pizzeria.slug]
        assert pizzeria.get_state_display() in lines[pizzeria.slug]
        assert lines[pizzeria.slug].endswith(pizzeria.url)
    assert Pizzeria.State.SUSPENDED.label != Pizzeria.State.TRADING.label


def state(slug: str) -> str:
    return Pizzeria.objects.get(slug=slug).state


def takes_orders(slug: str) -> bool:
    with schema_context(f"shop_{slug}"):
        return ShopSettings.objects.get().takes_orders


@pytest.fixture
def order(shop):
    """An order that is still open, seen from the public schema as a command does."""
    order = place(shop)
    connection.set_schema_to_public()
    return order


def cancel(shop, order) -> None:
    with schema_context(shop.schema_name):
        changing.cancel(shop=shop, order_id=order.pk, by=COUNTER, now=timezone.now(), reason="essai")


def test_a_pizzeria_without_an_open_order_is_suspended():
    assert "OC Pizza Nation" in run("suspend_pizzeria", "nation")
    assert state("nation") == Pizzeria.State.SUSPENDED
    assert state("voisine") == Pizzeria.State.TRADING
    told = AuditEntry.objects.get(act="suspended")
    assert (told.pizzeria.slug, told.before, told.after) == ("nation", {"state": "trading"}, {"state": "suspended"})


def test_a_pizzeria_with_open_orders_is_not_suspended(order):
    said = refused("suspend_pizzeria", "nation")
    assert "1" in said
    assert "Rien n'a été suspendu" in said
    assert state("nation") == Pizzeria.State.TRADING
    assert takes_orders("nation")


def test_a_pizzeria_with_an_order_that_may_still_be_paid_is_not_suspended(shop):
    """Paid a moment later it would be accepted, and nobody could make it."""
    waits = place(shop, pays_online=True)
    connection.set_schema_to_public()
    assert "1" in refused("suspend_pizzeria", "nation")
    assert state("nation") == Pizzeria.State.TRADING
    cancel(shop, waits)
    run("suspend_pizzeria", "nation")
    assert state("nation") == Pizzeria.State.SUSPENDED


def test_open_orders_of_a_neighbour_do_not_count(order):
    run("suspend_pizzeria", "voisine")
    assert state("voisine") == Pizzeria.State.SUSPENDED


def test_a_pizzeria_whose_orders_are_over_is_suspended(shop, order):
    cancel(shop, order)
    run("suspend_pizzeria", "nation")
    assert state("nation") == Pizzeria.State.SUSPENDED


def test_a_drain_takes_no_more_orders_and_waits_for_those_that_are_open(shop, order, monkeypatch):
    seen = []

    def meanwhile(_seconds: float) -> None:
        seen.append((state("nation"), takes_orders("nation")))
        cancel(shop, order)

    monkeypatch.setattr(suspend_pizzeria.time, "sleep", meanwhile)
    said = run("suspend_pizzeria", "nation", "--drain")
    assert seen == [(Pizzeria.State.TRADING, False)]
    assert "Nouvel essai" in said
    assert state("nation") == Pizzeria.State.SUSPENDED


def test_a_drain_does_not_wait_longer_than_asked(order):
    said = refused("suspend_pizzeria", "nation", "--drain", "--timeout=0")
    assert "Rien n'a été suspendu" in said
    assert state("nation") == Pizzeria.State.TRADING


def test_a_suspended_pizzeria_is_resumed_and_takes_orders(shop):
    connection.set_schema_to_public()
    run("suspend_pizzeria", "nation", "--drain")
    assert not takes_orders("nation")
    assert shop.url in run("resume_pizzeria", "nation")
    assert state("nation") == Pizzeria.State.TRADING
    assert takes_orders("nation")


@pytest.mark.parametrize("command", ["suspend_pizzeria", "resume_pizzeria"])
def test_a_pizzeria_that_does_not_exist_is_told_so(command):
    assert "« atlantis »" in refused(command, "atlantis")


def test_a_manager_whose_account_is_closed_is_said_and_the_pizzeria_is_not_half_made():
    User.objects.create_user("marie@ocpizza.example", is_active=False)
    with pytest.raises(CommandError, match="Rien n'en a été créé"):
        run("create_pizzeria", *flags())
    assert not Pizzeria.objects.filter(slug="lambersart").exists()
