"""A customer's account in a real browser: what they change, the copy they ask for, and the account erased for good."""

import json
import os

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import DESK, PASSWORD, PHONE, ask, check_invariants, place
from ocpizza.tests.browsing import faults, open_page
from ocpizza.tests.conftest import Site, _hashed
from shared_apps.accounts.models import User
from shared_apps.customers import services as customers
from shared_apps.customers.models import Customer
from shared_apps.privacy import tasks
from shared_apps.privacy.models import Erasure, Export
from shared_apps.sales.models import OrderSummary
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import changing
from tenant_apps.orders.services.acts import By
from tenants.hosts import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
VIEWS = pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone-light", "desk-dark"]
)


@pytest.fixture
def customer(own_shop):
    """Somebody with twelve orders that are over and two addresses."""
    with schema_context("public"):
        user = User(email=f"cliente@{own_shop.slug}.example", name="Camille Martin", phone="+33612345678")
        user.password = _hashed()
        user.save()
        customer = customers.of_user(user)
        for street in ("3 rue Nationale", "12 boulevard de la Liberté"):
            customers.remember_address(
                customer=customer, street=street, postcode="59000", city="Lille", details="2e étage, code 12A4",
                latitude=50.637, longitude=3.063,
            )  # fmt: skip
    by = By(Actor.CUSTOMER, user.pk)
    for _index in range(12):
        order = place(own_shop, ask("reine"), customer_id=customer.pk, by=by)
        with schema_context(own_shop.schema_name):
            changing.cancel(shop=own_shop, order_id=order.pk, by=by, now=timezone.now())
    yield customer
    with schema_context("public"):
        Erasure.objects.filter(user=user).delete()
        OrderSummary.objects.filter(customer=customer).update(customer=None)
    with schema_context(own_shop.schema_name):
        Order.objects.update(customer=None)
    with schema_context("public"):
        User.objects.filter(pk=user.pk).update(email=f"cliente@{own_shop.slug}.example")


def sign_in(page, site: Site, user: User) -> None:
    page.goto(site.url(path="/compte/connexion/"))
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Se connecter").click()


@VIEWS
def test_a_customer_looks_after_their_own_data(browser, site: Site, own_shop: Shop, customer: Customer, size, scheme):
    page, found = open_page(browser, size, color_scheme=scheme), []

    def read(name: str) -> None:
        found.extend(f"{name}: {fault}" for fault in faults(page))
        if folder := os.environ.get("OCPIZZA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)

    def press(name: str) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name=name, exact=True).click()

    sign_in(page, site, customer.user)
    page.goto(site.url(path="/mon-compte/"))
    read("account")
    page.get_by_role("link", name="Commandes plus anciennes").click()
    page.get_by_text("Page 2 sur 2").wait_for()
    page.goto(site.url(path="/mon-compte/"))
    with page.expect_navigation():
        page.get_by_role("button", name="Commander à nouveau").first.click()
    page.get_by_role("heading", name="Mon panier").wait_for()
    assert page.url == site.url(own_shop, "/panier/")
    page.goto(site.url(path="/mon-compte/"))
    page.get_by_label("Nom", exact=True).fill("")
    press("Enregistrer mes coordonnées")
    read("account-wrong")
    page.get_by_label("Nom", exact=True).fill("Zoé Martin")
    press("Enregistrer mes coordonnées")
    page.get_by_text("Vos coordonnées sont enregistrées").wait_for()
    page.get_by_label("Lait").check()
    press("Enregistrer mes allergies")
    page.get_by_role("link", name="Cochez votre accord").wait_for()
    read("account-no-consent")
    page.get_by_label("J’accepte").check()
    press("Enregistrer mes allergies")
    page.get_by_text("Gardées avec votre accord").wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name="Retirer 3 rue Nationale").click()
    assert page.get_by_text("3 rue Nationale").count() == 0
    page.goto(site.url(own_shop))
    page.get_by_text("Contient").first.wait_for()
    read("menu-warned")
    page.goto(site.url(own_shop, "/carte/reine/"))
    page.get_by_text("Vous êtes allergique à").wait_for()
    read("product-warned")
    with page.expect_navigation():
        page.get_by_role("button", name="Ajouter au panier").click()
    page.goto(site.url(own_shop, "/commander/a-emporter/"))
    assert not page.get_by_label("Dire mes allergies").is_checked()
    read("checkout-offers")
    page.goto(site.url(path="/mon-compte/donnees/"))
    read("own-data")
    press("Préparer ma copie")
    page.get_by_text("Elle se prépare").wait_for()
    read("own-data-waiting")
    with schema_context("public"):
        tasks.export(Export.objects.get(user=customer.user).pk)
    page.get_by_role("link", name="Voir si elle est prête").click()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Télécharger le fichier").click()
    copy = json.loads(downloaded.value.path().read_text())
    assert (copy["identity"]["name"], len(copy["orders"])) == ("Zoé Martin", 12)
    read("own-data-ready")
    page.get_by_role("link", name="Voir ce que cela fait").click()
    page.get_by_label("Votre mot de passe").fill("pas celui-ci")
    press("Effacer définitivement mon compte")
    read("erase-wrong")
    page.get_by_label("Votre mot de passe").fill(PASSWORD)
    press("Effacer définitivement mon compte")
    page.get_by_role("heading", name="Votre compte est fermé").wait_for()
    read("erased")
    page.goto(site.url(path="/mon-compte/"))
    page.get_by_role("heading", name="Connexion").or_(page.get_by_role("heading", level=1)).first.wait_for()
    assert "/compte/connexion/" in page.url
    with schema_context("public"):
        erasure = Erasure.objects.get(user=customer.user)
        tasks.erase(erasure.pk)
        tasks.erase_in_shop(own_shop.id, erasure.pk)
    with schema_context(own_shop.schema_name):
        assert set(Order.objects.values_list("contact_name", "customer_id")) == {("", None)}
    check_invariants()
    assert found == []


@VIEWS
def test_an_account_with_nothing_yet_and_one_that_may_not_be_erased(
    browser, site: Site, own_shop: Shop, team, customer: Customer, size, scheme
):
    page, found = open_page(browser, size, color_scheme=scheme), []

    def read(name: str, path: str) -> None:
        page.goto(site.url(path=path))
        found.extend(f"{name}: {fault}" for fault in faults(page))
        if folder := os.environ.get("OCPIZZA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)

    place(own_shop, ask("reine"), customer_id=customer.pk)
    sign_in(page, site, customer.user)
    read("erase-refused", "/mon-compte/effacer/")
    page.get_by_text("est en cours").wait_for()
    read("privacy", "/confidentialite/")
    page.context.clear_cookies()
    sign_in(page, site, next(iter(team.values())))
    read("account-empty", "/mon-compte/")
    page.get_by_text("Aucune adresse").wait_for()
    read("erase-staff", "/mon-compte/effacer/")
    page.get_by_text("demandez d’abord à votre responsable").wait_for()
    assert found == []
