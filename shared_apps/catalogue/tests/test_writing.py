"""What head office may write on the card, and what it may not."""

import shutil
import threading
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from shared_apps.accounts.models import AuditEntry, Role, User
from shared_apps.catalogue import loading, queries
from shared_apps.catalogue.models import Allergen, ExtraOffer, Ingredient, Product, Size, Variant
from shared_apps.catalogue.services import changes, products
from shared_apps.catalogue.services.changes import ChangedMeanwhile, Incomplete, NameTaken
from shared_apps.catalogue.services.products import WrongRecipe
from shared_apps.catalogue.tests.written import (
    dearer,
    ingredient_values,
    new_ingredient,
    new_pizza,
    product_values,
    seen,
    without,
    write,
    write_ingredient,
)
from tenants.backend.base import OWNER
from tenants.roles import acting_as


@pytest.fixture
def head_office(make_staff) -> User:
    return make_staff(Role.HEAD_OFFICE)


def offer(code: str):
    return next(one for one in queries.group_offers() if one.code == code)


def test_a_new_price_is_on_the_card_and_in_the_history(head_office):
    before = offer("reine").price_cents
    write("reine", dearer("reine"), head_office)
    assert offer("reine").price_cents == before + 100
    entry = AuditEntry.objects.get(actor=head_office)
    assert (entry.actor, entry.pizzeria, entry.subject) == (head_office, None, "reine")
    assert entry.before["price|Classique"] == before
    assert entry.after == {"price|Classique": before + 100, "price|Grande": entry.before["price|Grande"] + 100}


def test_what_is_kept_as_it_is_leaves_no_trace(head_office):
    write("reine", product_values("reine"), head_office)
    assert not AuditEntry.objects.filter(actor=head_office).exists()
    assert Product.objects.get(code="reine").edited_at is None


def test_a_new_pizza_has_every_size_the_work_of_its_size_and_the_allergens_of_its_recipe(head_office):
    pizza = new_pizza(head_office, "mozzarella", "noix")
    assert pizza.code == "ardennaise"
    assert [variant.work for variant in pizza.variants.all()] == [100, 140]
    assert offer("ardennaise").allergens == (Allergen.GLUTEN, Allergen.MILK, Allergen.NUTS)
    assert offer("ardennaise").published


def test_a_changed_recipe_replaces_the_former_one_and_its_allergens_follow(head_office):
    write("margherita", without(product_values("margherita", vegetarian=False), "mozzarella"), head_office)
    assert offer("margherita").allergens == (Allergen.GLUTEN,)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prices": {}}, "donnez un prix"),
        ({"recipe": ()}, "donnez une recette"),
        ({"steps": ()}, "étapes"),
        ({"vegetarian": True}, "végétarien"),
    ],
)
def test_what_lacks_something_is_not_published_but_may_be_kept_aside(head_office, wrong, words):
    values = product_values("reine", **wrong)
    with pytest.raises(Incomplete, match=words):
        write("reine", values, head_office)
    write("reine", replace(values, published=False), head_office)
    assert not Product.objects.get(code="reine").published


def test_a_pizza_without_its_dough_is_not_published(head_office):
    with pytest.raises(Incomplete, match="un pâton"):
        write("reine", without(product_values("reine"), "paton-grande"), head_office)


def test_nothing_is_published_with_an_ingredient_whose_allergens_are_not_checked(head_office):
    new_ingredient(head_office, allergens_declared=False, allergens=())
    with pytest.raises(Incomplete, match="allergènes"):
        new_pizza(head_office, "fourme-dambert")
    write_ingredient("fourme-dambert", ingredient_values("fourme-dambert", allergens_declared=True), head_office)
    assert new_pizza(head_office, "fourme-dambert").published


def test_an_ingredient_on_sale_stays_checked(head_office):
    with pytest.raises(Incomplete, match="Margherita"):
        write_ingredient("basilic", ingredient_values("basilic", allergens_declared=False), head_office)


def test_what_is_sold_as_vegetarian_gets_no_meat_nor_fish_by_its_ingredients(head_office):
    with pytest.raises(Incomplete, match="Margherita"):
        write_ingredient("basilic", ingredient_values("basilic", allergens=("fish",)), head_office)


def test_a_meat_has_an_origin(head_office):
    with pytest.raises(Incomplete, match="viande"):
        write_ingredient("jambon", ingredient_values("jambon", origin=""), head_office)


def test_an_ingredient_is_in_a_recipe_once_with_a_quantity(head_office):
    values = product_values("reine")
    first = values.recipe[0]
    huge = replace(first, quantities=dict.fromkeys(first.quantities, Decimal(999_999_999)))
    for recipe in ((*values.recipe, first), (replace(first, quantities={}),), (huge,)):
        with pytest.raises(WrongRecipe):
            write("reine", replace(values, recipe=recipe, published=False), head_office)


def test_a_pizza_becomes_no_drink(head_office):
    with pytest.raises(WrongRecipe):
        write("reine", product_values("reine", category="drink"), head_office)


def test_two_products_do_not_have_one_name(head_office):
    with pytest.raises(NameTaken):
        write("reine", product_values("reine", name="margherita"), head_office)
    with pytest.raises(NameTaken):
        new_pizza(head_office, "mozzarella", name="Margherita")


def test_whoever_saves_second_is_told_that_it_changed(head_office):
    product = Product.objects.get(code="reine")
    shown = seen(product)
    write("reine", dearer("reine"), head_office)
    with pytest.raises(ChangedMeanwhile):
        products.save(
            product_id=product.pk, values=dearer("reine", 300), seen=shown, user_id=head_office.pk, now=timezone.now()
        )


def test_an_extra_is_offered_and_taken_back_by_size(head_office):
    small, large = Size.objects.all()
    write_ingredient("mozzarella", ingredient_values("mozzarella", extras={large.pk: (Decimal(200), 300)}), head_office)
    offered = ExtraOffer.objects.get(ingredient__code="mozzarella")
    assert (offered.size, offered.quantity, offered.price_cents) == (large, 200, 300)
    entry = AuditEntry.objects.get(actor=head_office)
    assert (entry.before["extra_price|Classique"], entry.after["extra_price|Grande"]) == (150, 300)
    assert small.name == "Classique"


def test_a_new_ingredient_is_sent_to_the_stock_of_every_pizzeria(head_office):
    OrmQ.objects.all().delete()
    new_ingredient(head_office)
    assert [task.task["func"] for task in OrmQ.objects.all()] == [changes.SPREAD]


def test_the_files_leave_what_head_office_wrote_and_say_so(head_office, capsys):
    price = offer("reine").price_cents
    write("reine", dearer("reine"), head_office)
    write_ingredient("basilic", ingredient_values("basilic", name="Basilic de Provence"), head_office)
    new_pizza(head_office, "mozzarella")
    call_command("load_catalogue")
    said = capsys.readouterr().out
    assert offer("reine").price_cents == price + 100
    assert Ingredient.objects.get(code="basilic").name == "Basilic de Provence"
    assert Product.objects.get(code="ardennaise").published
    for name in ("Reine", "Basilic de Provence", "Ardennaise"):
        assert name in said


def test_the_files_replace_what_head_office_wrote_when_they_are_told_to(head_office):
    price, extras = offer("reine").price_cents, ExtraOffer.objects.filter(ingredient__code="mozzarella").count()
    write("reine", without(dearer("reine"), "champignons"), head_office)
    write_ingredient("mozzarella", ingredient_values("mozzarella", extras={}), head_office)
    call_command("load_catalogue", replace=True)
    assert offer("reine").price_cents == price
    assert "Champignons de Paris" in [part.name for part in offer("reine").recipe]
    assert ExtraOffer.objects.filter(ingredient__code="mozzarella").count() == extras
    assert not Product.objects.exclude(edited_at=None).exists()


def test_a_price_of_the_files_counts_where_head_office_wrote_nothing(head_office, tmp_path):
    folder = tmp_path / "card"
    shutil.copytree(loading.DATA, folder)
    pizzas = folder / "pizzas.toml"
    pizzas.write_text(pizzas.read_text(encoding="utf-8").replace("prices = [990, 1490]", "prices = [995, 1490]", 1))
    loading.load(loading.read(folder=folder))
    assert offer("margherita").price_cents == 995


def test_the_files_sell_nothing_made_of_what_is_not_checked(head_office):
    for product in Product.objects.filter(variants__recipe__ingredient__code="noix").distinct():
        write(product.code, product_values(product.code, published=False), head_office)
    extra = ingredient_values("noix", allergens_declared=False, extras={})
    write_ingredient("noix", extra, head_office)
    Product.objects.update(edited_at=None)
    with pytest.raises(loading.InvalidCard, match="ne sont pas vérifiés"):
        loading.load(loading.read())


@pytest.fixture
def committed_product(django_db_setup, django_db_blocker):
    """A pizza and an ingredient of its own for two editors who commit, taken away after."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        user = User.objects.create_user("siege@course.example", "x" * 12)
        cheese = new_ingredient(user, name="Tomme de course")
        product = new_pizza(user, cheese.code, name="Course", published=False)
        try:
            yield product, user
        finally:
            connection.set_schema_to_public()
            with acting_as(OWNER), connection.cursor() as cursor:
                cursor.execute("DELETE FROM accounts_auditentry WHERE actor_id = %s", [user.pk])
            for variant in Variant.objects.filter(product=product):
                variant.recipe.all().delete()
                variant.delete()
            Product.objects.filter(pk=product.pk).delete()
            Ingredient.objects.filter(pk=cheese.pk).delete()
            OrmQ.objects.all().delete()
            user.delete()
            connection.close()


def in_thread(act) -> threading.Thread:
    def run() -> None:
        with schema_context("public"):
            try:
                act()
            finally:
                connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_of_two_who_save_at_the_same_moment_one_is_refused(committed_product):
    product, user = committed_product
    shown, start, outcomes = seen(product), threading.Barrier(2), []

    def save(more: int) -> None:
        values = dearer("course", more)
        start.wait(10)
        try:
            products.save(product_id=product.pk, values=values, seen=shown, user_id=user.pk, now=timezone.now())
            outcomes.append("kept")
        except ChangedMeanwhile:
            outcomes.append("refused")

    threads = [in_thread(partial(save, more)) for more in (100, 200)]
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["kept", "refused"]
    assert AuditEntry.objects.filter(subject="course").count() == 2  # made, then changed once


def test_alcohol_is_published_for_the_shops_that_sell_it(head_office):
    values = product_values("biere-blonde-33cl")
    assert write("biere-blonde-33cl", replace(values, published=True), head_office).published


def test_what_is_being_published_and_an_ingredient_that_is_no_longer_checked_do_not_pass_each_other(committed_product):
    product, user = committed_product
    outcomes: list[str] = []

    def uncheck() -> None:
        values = ingredient_values("tomme-de-course", allergens_declared=False, extras={})
        try:
            write_ingredient("tomme-de-course", values, user)
            outcomes.append("unchecked")
        except Incomplete:
            outcomes.append("refused")

    with transaction.atomic():
        write("course", product_values("course", published=True), user)
        other = in_thread(uncheck)
        while other.is_alive() and not waits_for_a_lock():
            other.join(0.02)
    other.join(20)
    assert outcomes == ["refused"]
    product.refresh_from_db()
    assert product.published


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0
