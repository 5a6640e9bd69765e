"""Every page and its states, seen by axe (WCAG 2.2 A and AA), on a phone in the light and on a desk in the dark."""

import datetime as dt
import re
import uuid
from collections.abc import Iterator

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import Page, expect

from conftest import COOK, COUNTER, DESK, PHONE, ask, place
from ocpizza.tests.browsing import faults, open_page, sign_in
from ocpizza.tests.conftest import Site
from shared_apps.accounts.models import Role
from shared_apps.accounts.tests.test_security import code
from shared_apps.catalogue.models import Ingredient, Product, ServiceMode
from shared_apps.sales.models import HourlySales
from tenant_apps.delivery.models import Round
from tenant_apps.delivery.services import positions
from tenant_apps.delivery.tests import doors
from tenant_apps.orders.services import kitchen, settlement, stocktaking
from tenant_apps.orders.services.settlement import Tender
from tenant_apps.orders.services.wishes import Contact, Wishes
from tenant_apps.payments.models import Payment
from tenant_apps.shop.models import ShopSettings
from tenant_apps.stock.models import Movement, Reception
from tenant_apps.stock.services import opening
from tenant_apps.stock.services.movements import Where
from tenants.hosts import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
VIEWS = pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone-light", "desk-dark"]
)
HOME = Contact("Camille Martin", "+33612345678", street="3 rue Nationale", postcode="59000", city="Lille",
               details="2e étage", latitude=50.637, longitude=3.063)  # fmt: skip


class Reader:
    """Goes through pages and keeps what is wrong with each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    def press(self, name: str) -> None:
        """A button that leads to another page, and that page come."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()

    def read(self, name: str, url: str = "") -> None:
        if url:
            self.page.goto(url)
        self.found += [f"{name}: {fault}" for fault in faults(self.page)]


@VIEWS
def test_the_pages_of_a_customer(browser, site: Site, own_shop: Shop, size, scheme):
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    reader.read("home", site.url())
    reader.press("Trouver ma pizzeria")
    reader.read("home, wrong")
    page.get_by_label("Votre adresse").fill("59000 Lille")
    reader.press("Trouver ma pizzeria")
    reader.read("pizzerias")
    for name in (
        "conditions-de-vente",
        "mentions-legales",
        "confidentialite",
        "compte/connexion",
        "compte/mot-de-passe/oublie",
        "compte/mot-de-passe/oublie/envoye",
        "compte/mot-de-passe/oublie/fait",
        "compte/mot-de-passe/oublie/1-perime",
        "compte/ferme",
        "compte/inscription",
    ):
        reader.read(name, site.url(path=f"/{name}/"))
    reader.press("Créer mon compte")
    reader.read("signup, wrong")
    reader.page.goto(site.url(path="/compte/connexion/"))
    reader.press("Se connecter")
    reader.read("login, wrong")
    reader.read("menu", site.url(own_shop))
    reader.read("empty basket", site.url(own_shop, "/panier/"))
    reader.read("nothing here", site.url(own_shop, "/rien/"))
    reader.read("customiser", site.url(own_shop, "/carte/reine/"))
    page.get_by_label("L’autre moitié").select_option("orientale")
    page.locator("#price", has_text="13,").wait_for()
    page.get_by_label("Quantité").fill("3")
    reader.press("Ajouter au panier")
    reader.read("menu with a basket")
    reader.read("basket", site.url(own_shop, "/panier/"))
    page.get_by_text("Un code promo").click()
    page.get_by_label("Code", exact=True).fill("rien")
    reader.press("Utiliser ce code")
    reader.read("basket, a code that is not one")
    for path in ("livraison", "a-emporter"):
        reader.read(path, site.url(own_shop, f"/commander/{path}/"))
        reader.press("Commander avec obligation")
        reader.read(f"{path}, wrong")
    page.get_by_label("Nom", exact=True).fill("Camille Martin")
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    reader.press("Commander avec obligation")
    reader.read("order")
    reader.press("Modifier ma commande")
    reader.read("change")
    reader.press("Laisser ma commande")
    reader.read("messages", f"{page.url}messages/")
    page.go_back()
    page.on("dialog", lambda dialog: dialog.accept())
    reader.press("Annuler ma commande")
    page.get_by_text("Votre commande est annulée").wait_for()
    reader.read("cancelled")
    assert reader.found == []


def orders_in_every_state(shop: Shop) -> None:
    """Accepted with an allergy and halves, in preparation, ready for the road, and one that the stock no longer covers."""
    now = timezone.now()
    wishes = Wishes(ServiceMode.DELIVERY, note="Sonner deux fois", allergy_note="arachides")
    place(shop, ask("reine", 2, removed=frozenset()), wishes=wishes, contact=HOME)
    for finished in (False, True):
        order = place(shop, ask("orientale", 2), wishes=wishes, contact=HOME)
        kitchen.claim(shop=shop, order_id=order.pk, by=COOK, now=now)
        if finished:
            kitchen.mark_ready(shop=shop, order_id=order.pk, by=COOK, now=now)
    stocktaking.record(
        shop=shop,
        reason=Movement.Reason.COUNT,
        ingredient_id=Ingredient.objects.get(code="mozzarella").pk,
        quantity=0,
        actor_id=None,
        now=now,
    )


@VIEWS
def test_the_pages_of_the_staff(browser, site: Site, own_shop: Shop, team, size, scheme):
    orders_in_every_state(own_shop)
    with schema_context("public"):
        mozzarella = Ingredient.objects.get(code="mozzarella").pk
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    sign_in(page, site, own_shop, team[Role.MANAGER])
    page.get_by_role("heading", level=1).wait_for()
    reader.read("office")
    reader.read("stock", site.url(own_shop, "/gestion/stock/"))
    reader.read("low stock", site.url(own_shop, "/gestion/stock/?voir=bas"))
    reader.read("ingredient", site.url(own_shop, f"/gestion/stock/{mozzarella}/"))
    reader.press("Enregistrer")
    reader.read("ingredient, wrong")
    reader.read("cases", site.url(own_shop, "/gestion/a-traiter/"))
    reader.read("counter", site.url(own_shop, "/comptoir/"))
    reader.read("counter, late", site.url(own_shop, "/comptoir/?voir=retard"))
    reader.read("counter order", site.url(own_shop, "/comptoir/3/"))
    page.get_by_label("Montant").fill("999")
    reader.press("Espèces F4")
    reader.read("counter order, wrong")
    page.get_by_label("Montant").fill("")
    page.get_by_label("Espèces reçues").fill("50")
    page.get_by_text("À rendre").wait_for()
    reader.press("Espèces F4")
    page.locator("#refund summary").click()
    reader.read("counter order, paid, with its refund open")
    page.get_by_label("Un geste commercial").fill("2")
    page.locator("#refund-reason").fill("Trop cuite")
    reader.press("Rembourser")
    reader.read("counter order, paid back")
    reader.read("codes", site.url(own_shop, "/gestion/reglages/codes/"))
    reader.press("Créer ce code")
    reader.read("codes, wrong")
    reader.read("takings", site.url(own_shop, "/gestion/encaissements/"))
    reader.read("drawer", site.url(own_shop, "/comptoir/caisse/"))
    reader.press("Ouvrir la caisse")
    page.get_by_label("20,00").first.fill("1")
    reader.press("Fermer ou confier")
    reader.read("drawer, unexplained")
    reader.read("credit notes", site.url(own_shop, "/comptoir/avoirs/"))
    page.get_by_label("Montant").fill("5")
    page.get_by_label("Motif").fill("Attente")
    reader.press("Accorder cet avoir")
    reader.read("credit note, given")
    page.goto(site.url(own_shop, "/comptoir/"))
    reader.press("Prendre une commande")
    reader.read("taking an order")
    page.get_by_label("Ajouter une ligne").fill("2 reine / orientale")
    page.keyboard.press("Enter")
    page.get_by_text("2 × Moitié Reine").wait_for()
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    page.locator("[data-caller]").wait_for()
    reader.press("Passer la commande")
    page.get_by_text("Votre commande").or_(page.get_by_role("heading", level=1)).first.wait_for()
    reader.read("order taken or refused")
    reader.read("deliveries", site.url(own_shop, "/livraisons/"))
    for path in (
        "reglages",
        "reglages/horaires",
        "reglages/zone",
        "reglages/carte",
        "reglages/equipe",
        "reglages/historique",
        "stock/inventaire",
        "stock/realisable",
        "stock/remplacements",
        "livreurs",
    ):
        reader.read(path, site.url(own_shop, f"/gestion/{path}/"))
    page.goto(site.url(own_shop, "/gestion/reglages/horaires/"))
    page.get_by_label("Lundi", exact=True).fill("midi")
    reader.press("Enregistrer ces horaires")
    reader.read("hours, wrong")
    page.goto(site.url(own_shop, "/gestion/reglages/zone/?adresse=59110 La Madeleine"))
    page.get_by_role("radio", name="Communes et codes postaux").check()
    reader.press("Enregistrer cette zone")
    reader.read("zone, wrong")
    page.goto(site.url(own_shop, "/gestion/reglages/equipe/"))
    reader.press("Envoyer l’invitation")
    reader.read("team, wrong")
    page.goto(site.url(own_shop, "/gestion/stock/inventaire/"))
    reader.press("Enregistrer cet inventaire")
    reader.read("count, wrong")
    page.get_by_label("Mozzarella").first.fill("100000")
    reader.press("Enregistrer cet inventaire")
    reader.read("count, done")
    page.goto(site.url(own_shop, "/livraisons/"))
    reader.press("Commencer mon service")
    page.get_by_text("Service commencé à").click()
    page.get_by_label("Espèces comptées").fill("1")
    reader.press("Remettre la caisse")
    reader.read("shift, unexplained")
    page.goto(site.url(own_shop, "/gestion/stock/remplacements/"))
    reader.press("Voir ce qui change")
    reader.read("replacements, wrong")
    page.get_by_label("Ingrédient remplacé").select_option(label="Mozzarella")
    page.get_by_label("Utilisé à la place").select_option(label="Emmental râpé")
    page.get_by_label("Motif").fill("Rupture")
    reader.press("Voir ce qui change")
    reader.read("replacements, before")
    reader.press("Remplacer maintenant")
    reader.read("replacements")
    reader.read("menu with a replacement", site.url(own_shop))
    reader.read("customiser with a replacement", site.url(own_shop, "/carte/reine/"))
    reader.read("forbidden", site.url(None, "/siege/"))
    reader.read("kitchen", site.url(own_shop, "/cuisine/"))
    page.get_by_text("À faire en tout").click()
    page.get_by_role("link", name=re.compile("Recette")).first.click()
    page.locator("dialog[open]").wait_for()
    reader.read("recipe")
    assert reader.found == []


@VIEWS
def test_the_pages_of_the_till(browser, site: Site, own_shop: Shop, team, size, scheme):
    paid, unpaid = place(own_shop, ask("reine", 2), ask("cola-33cl", size=None)), place(own_shop, ask("margherita"))
    tender = Tender(Payment.Means.CASH, uuid.uuid4(), tendered_cents=5000)
    settlement.take_payment(shop=own_shop, order_id=paid.pk, tender=tender, by=COUNTER, now=timezone.now())
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    reader.read("receipt of a customer", site.url(own_shop, f"/commande/{paid.reference}/ticket/"))
    sign_in(page, site, own_shop, team[Role.MANAGER])
    reader.read("receipt", site.url(own_shop, f"/comptoir/{paid.number}/ticket/"))
    reader.read("provisional", site.url(own_shop, f"/comptoir/{unpaid.number}/ticket/"))
    page.goto(site.url(own_shop, f"/comptoir/{paid.number}/facture/"))
    reader.press("Établir cette facture")
    reader.read("invoice, wrong")
    page.get_by_label("Nom ou société").fill("SARL Essai")
    page.get_by_label("Adresse complète").fill("1 rue de Paris, 59000 Lille")
    reader.press("Établir cette facture")
    reader.read("invoice")
    reader.read("day", site.url(own_shop, "/caisse/"))
    page.on("dialog", lambda dialog: dialog.accept())
    reader.press("Clôturer ")
    reader.read("z")
    reader.read("day, closed", site.url(own_shop, "/caisse/"))
    reader.read("closings", site.url(own_shop, "/caisse/clotures/"))
    reader.read("wrong period", site.url(own_shop, "/caisse/chiffres.csv"))
    reader.read("journal", site.url(own_shop, "/caisse/journal/"))
    reader.press("Vérifier le journal")
    page.get_by_text("toutes intactes").wait_for()
    reader.read("journal, verified")
    reader.read("entry", site.url(own_shop, "/caisse/journal/2/"))
    reader.read("archives", site.url(own_shop, "/caisse/archives/"))
    page.get_by_label("Au", exact=True).fill("2020-01-01")
    reader.press("Archiver cette période")
    reader.read("archives, wrong")
    page.goto(site.url(own_shop, "/caisse/archives/"))
    tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()  # a test may run between midnight and 04:00
    page.get_by_label("Au", exact=True).fill(tomorrow)
    reader.press("Archiver cette période")
    page.get_by_text("Empreinte").wait_for()
    reader.read("archives, one")
    reader.read("training, closed", site.url(own_shop, "/caisse/ecole/"))
    reader.press("Ouvrir le mode école")
    reader.read("training")
    reader.press("Encaisser, pour l’exercice")
    page.get_by_text("MODE ÉCOLE", exact=True).wait_for()
    reader.read("training receipt")
    assert reader.found == []


@VIEWS
def test_the_pages_of_a_round(browser, site: Site, own_shop: Shop, team, size, scheme):
    """A driver's stops in each state, the dispatcher's screen, and the page of the customer who waits."""
    orders = [doors.ready(own_shop, number) for number in range(3)]
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    sign_in(page, site, own_shop, team[Role.MANAGER])
    reader.read("rounds, nobody on shift", site.url(own_shop, "/comptoir/tournees/"))
    page.goto(site.url(own_shop, "/livraisons/"))
    reader.press("Commencer mon service")
    reader.press("Partager ma position")
    for _order in orders[:2]:
        page.get_by_role("button", name="Prendre").first.click()
        page.wait_for_load_state()
    reader.read("to take along")
    page.get_by_role("button", name="Parti").click()
    page.get_by_role("button", name="Arrivé").wait_for()
    reader.read("on the road")
    driver = team[Role.MANAGER].pk
    while not Round.objects.filter(left_at__isnull=False).exists():
        page.wait_for_timeout(50)
    positions.keep(driver_id=driver, latitude=50.6391, longitude=3.0641, now=timezone.now())
    reader.read("rounds, on the road", site.url(own_shop, "/comptoir/tournees/"))
    reader.read("tracking with a map", site.url(own_shop, f"/commande/{orders[1].reference}/"))
    page.goto(site.url(own_shop, "/livraisons/"))
    page.context.set_offline(True)
    page.get_by_role("button", name="Arrivé").click()
    page.locator("#outbox li").wait_for()
    page.get_by_text("Ça ne se passe pas comme prévu").locator("visible=true").click()
    reader.read("at the door, without network")
    page.locator('select[name="reason"]').locator("visible=true").select_option("absent")
    page.get_by_role("button", name="Échec").locator("visible=true").click()
    page.context.set_offline(False)
    page.locator("#outbox").wait_for(state="hidden")
    page.get_by_text("Rapportez la n°").wait_for()
    reader.read("one to bring back")
    reader.read("rounds, one failed", site.url(own_shop, "/comptoir/tournees/"))
    reader.read("a failed order", site.url(own_shop, f"/comptoir/{orders[0].number}/"))
    reader.read("cases", site.url(own_shop, "/gestion/a-traiter/"))
    reader.read("tracking, not delivered", site.url(own_shop, f"/commande/{orders[0].reference}/"))
    reader.read("drivers", site.url(own_shop, "/gestion/livreurs/"))
    assert reader.found == []


@VIEWS
def test_the_pages_of_what_suppliers_bring(browser, site: Site, own_shop: Shop, team, size, scheme):
    where = Where(own_shop.id, own_shop.schema_name)
    opening.open_suppliers(where=where, days_ahead=3, now=timezone.now())
    reception = Reception.objects.filter(state=Reception.State.EXPECTED, supplier__makes_it_here=True).first()
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page, stock = reader.page, "/gestion/stock/"
    sign_in(page, site, own_shop, team[Role.MANAGER])
    page.get_by_role("heading", level=1).wait_for()
    for path in (
        "suggestion",
        "livraisons",
        "fournisseurs",
        f"livraisons/{reception.pk}",
        f"livraisons/{reception.pk}/bon",
    ):
        reader.read(path, site.url(own_shop, f"{stock}{path}/"))
    reader.read("supplier", site.url(own_shop, f"{stock}fournisseurs/{reception.supplier_id}/"))
    page.get_by_label("Nom", exact=True).fill("")
    page.get_by_label("Un colis contient, Pâton 250 g").fill("beaucoup")
    reader.press("Enregistrer ce fournisseur")
    reader.read("supplier, wrong")
    reader.read("new delivery", site.url(own_shop, f"{stock}fournisseurs/{reception.supplier_id}/attendre/"))
    reader.press("Garder en brouillon")
    reader.read("new delivery, wrong")
    reader.read("receive", site.url(own_shop, f"{stock}livraisons/{reception.pk}/recevoir/"))
    page.get_by_label("Quantité reçue").first.fill("1")
    reader.press("Entrer en stock")
    reader.read("receive, wrong")
    page.get_by_label("Pourquoi il en est venu moins").first.select_option("damaged")
    page.get_by_label("À utiliser avant le").first.fill("2026-12-01")
    reader.press("Entrer en stock")
    reader.read("received")
    reader.read("dates", site.url(own_shop, f"{stock}dates/"))
    reader.read("unexpected", site.url(own_shop, f"{stock}fournisseurs/{reception.supplier_id}/recevoir/"))
    page.get_by_text("Quelque chose qu’il ne vend pas d’habitude").click()
    page.get_by_label("Quantité reçue").last.fill("beaucoup")
    reader.press("Entrer en stock")
    reader.read("unexpected, wrong")
    assert reader.found == []


@VIEWS
def test_the_page_of_head_office(browser, site: Site, own_shop: Shop, team, size, scheme):
    orders_in_every_state(own_shop)
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    sign_in(reader.page, site, None, team[Role.HEAD_OFFICE])
    reader.page.get_by_role("heading", name="Le groupe en direct").wait_for()
    reader.read("group")
    reader.read("alerts", site.url(path="/siege/alertes/"))
    reader.read("exports", site.url(path="/siege/exports/"))
    reader.read("exports, wrong", site.url(path="/siege/exports/?fichier=chiffres"))
    reader.read("people", site.url(path="/siege/equipes/"))
    reader.press("Envoyer l’invitation")
    reader.read("people, wrong")
    reader.read("nobody", site.url(path="/siege/equipes/?q=xyzzy"))
    reader.read("person", site.url(path=f"/siege/equipes/{team[Role.MANAGER].pk}/"))
    reader.press("Donner ces rôles")
    reader.read("person, wrong")
    reader.read("comparison, empty", site.url(path="/siege/comparaison/?du=2020-01-01&au=2020-01-05"))
    reader.read("comparison, wrong", site.url(path="/siege/comparaison/?du=2020-01-05&au=2020-01-01"))
    for hour in (12, 13, 20):
        HourlySales.objects.create(pizzeria_id=own_shop.id, day=dt.date(2020, 3, 10), hour=hour, channel="web",
                                   mode="delivery", bucket=0, orders=2, ordered_cents=3000, turnover_cents=3000)  # fmt: skip
    for period in (
        "du=2020-03-10&au=2020-03-10",
        "du=2020-03-09&au=2020-03-13&tri=evolution",
        "du=2020-01-01&au=2020-06-01",
    ):
        reader.read(f"comparison {period}", site.url(path=f"/siege/comparaison/?{period}"))
        reader.page.get_by_text("Les mêmes chiffres en tableau").click()
        reader.read(f"comparison {period}, its table")
    reader.read("code", site.url(path="/siege/codes/"))
    reader.press("Créer ce code")
    reader.read("code, wrong")
    reader.read("account", site.url(path="/mon-compte/"))
    assert reader.found == []


@VIEWS
def test_the_pages_of_the_groups_card(browser, site: Site, own_shop: Shop, team, size, scheme):
    with schema_context("public"):
        pizza, ham = Product.objects.get(code="reine").pk, Ingredient.objects.get(code="jambon").pk
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page, card = reader.page, "/siege/carte/"
    sign_in(page, site, None, team[Role.HEAD_OFFICE])
    page.get_by_role("heading", name="Le groupe en direct").wait_for()
    reader.read("card", site.url(path=card))
    reader.read("card, nothing found", site.url(path=f"{card}?q=zzz"))
    reader.read("ingredients", site.url(path=f"{card}ingredients/"))
    reader.read("ingredients, none found", site.url(path=f"{card}ingredients/?q=zzz"))
    reader.read("new product", site.url(path=f"{card}nouveau/?categorie=autre"))
    reader.press("Enregistrer ce produit")
    reader.read("new product, wrong")
    reader.read("product", site.url(path=f"{card}produits/{pizza}/"))
    page.get_by_label("Prix, Classique").fill("")
    page.get_by_label("Classique, ligne 3").fill("beaucoup")
    reader.press("Enregistrer ce produit")
    reader.read("product, wrong")
    page.get_by_role("button", name="Retirer la ligne 1", exact=True).click()
    page.get_by_label("Ingrédient, ligne 12").wait_for(state="detached")
    page.get_by_role("button", name="Ajouter des lignes").click()
    page.get_by_label("Ingrédient, ligne 10").wait_for()
    reader.read("product, lines added")
    reader.read("ingredient", site.url(path=f"{card}ingredients/{ham}/"))
    page.get_by_role("textbox", name="Origine").fill("")
    reader.press("Enregistrer cet ingrédient")
    reader.read("ingredient, wrong")
    reader.read("new ingredient", site.url(path=f"{card}ingredients/nouveau/"))
    reader.press("Enregistrer cet ingrédient")
    reader.read("new ingredient, wrong")
    assert reader.found == []


@VIEWS
def test_the_legal_pages(browser, site: Site, own_shop: Shop, publications, team, size, scheme):
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page, terms = reader.page, "/siege/pages-legales/conditions-de-vente/"
    sign_in(page, site, None, team[Role.HEAD_OFFICE])
    page.get_by_role("heading", name="Le groupe en direct").wait_for()
    reader.read("legal pages", site.url(path="/siege/pages-legales/"))
    reader.read("terms, to write", site.url(path=terms))
    page.get_by_text("Comment écrire").click()
    page.get_by_text("Ce qu’elle peut dire aussi").click()
    reader.read("terms, how to write")
    text = page.get_by_role("textbox", name="Texte")
    text.fill(f"{text.input_value()}\n\n{{sirte}}")
    page.get_by_label("S’applique à partir du").fill("2020-01-01")
    reader.press("Publier")
    reader.read("terms, wrong")
    text.fill(
        text.input_value().replace(
            "{sirte}", "### Un titre\n\n- un\n- [deux](/mon-compte/)\n\n| a | b |\n|:-:|--:|\n| c | d |"
        )
    )
    page.get_by_label("S’applique à partir du").fill("")
    reader.press("Garder le brouillon")
    page.get_by_role("heading", name="Aperçu").wait_for()
    reader.read("terms, preview")
    overtaken = open_page(browser, size, color_scheme=scheme, storage_state=page.context.storage_state())
    overtaken.goto(site.url(path=terms))
    reader.press("Publier")
    reader.read("terms, published")
    second = Reader(overtaken)
    overtaken.get_by_role("textbox", name="Texte").press_sequentially("Autrement. ")
    second.press("Publier")
    overtaken.get_by_text("pendant votre saisie").wait_for()
    second.read("terms, overtaken")
    reader.read("legal pages, with a draft", site.url(path="/siege/pages-legales/"))
    for path in ("conditions-de-vente", "conditions-de-vente/2026-11", "mentions-legales", "confidentialite"):
        reader.read(path, site.url(path=f"/{path}/"))
    assert reader.found + second.found == []


@VIEWS
def test_the_pages_of_ones_security(browser, site: Site, own_shop: Shop, team, size, scheme):
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    sign_in(page, site, own_shop, team[Role.MANAGER])
    for name in ("securite", "sessions", "mot-de-passe", "e-mail", "e-mail/une-cle", "verification", "code/telephone"):
        reader.read(name, site.url(own_shop, f"/compte/{name}/"))
    secret = page.locator("code").inner_text()
    page.get_by_label("Code").fill("000000")
    reader.press("Demander ce code")
    reader.read("a wrong code")
    page.get_by_label("Code").fill(code(secret))
    reader.press("Demander ce code")
    reader.read("rescue codes")
    reader.read("new rescue codes", site.url(own_shop, "/compte/code/secours/nouveaux/"))
    reader.read("no more codes", site.url(own_shop, "/compte/code/telephone/retirer/"))
    reader.read("security with codes", site.url(own_shop, "/compte/securite/"))
    sign_in(page, site, own_shop, team[Role.MANAGER])
    reader.read("a code is asked")
    assert reader.found == []


@pytest.fixture
def bar(own_shop) -> Iterator[Shop]:
    """A shop that sells the group's beer at any hour."""
    beer = Product.objects.filter(code="biere-blonde-33cl")
    with schema_context("public"):
        beer.update(published=True)
    ShopSettings.objects.update(sells_alcohol=True, alcohol_from=dt.time(0), alcohol_until=dt.time.max)
    yield own_shop
    with schema_context("public"):
        beer.update(published=False)


@VIEWS
def test_the_pages_where_an_age_is_asked(browser, site: Site, bar: Shop, team, size, scheme):
    reader = Reader(open_page(browser, size, color_scheme=scheme))
    page = reader.page
    reader.read("menu with beer", site.url(bar, "/"))
    page.locator("li.dish", has_text="Bière blonde").get_by_role("button", name="Ajouter").click()
    expect(page.locator("#bar")).to_contain_text("1")
    page.goto(site.url(bar, "/commander/a-emporter/"))
    page.get_by_label("Nom").fill("Camille")
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    reader.press("Commander avec obligation de paiement")
    reader.read("checkout, age not said")
    page.get_by_label("J’ai 18 ans ou plus").check()
    reader.press("Commander avec obligation de paiement")
    reader.read("order with beer")
    delivered = doors.ready(bar, 0, ask("reine"), ask("biere-blonde-33cl", size=None))
    sign_in(page, site, bar, team[Role.COUNTER])
    reader.read("counter, age to check", site.url(bar, f"/comptoir/{delivered.pk}/"))
    page.get_by_text("Pas de preuve de l’âge ?").click()
    reader.read("counter, no proof of age")
    doors.send_out(bar, team[Role.DRIVER], delivered)
    page.context.clear_cookies()
    sign_in(page, site, bar, team[Role.DRIVER])
    reader.read("door, age to check", site.url(bar, "/livraisons/"))
    with page.expect_response("**/arrive/"):
        page.get_by_role("button", name="Arrivé").click()
    page.reload()
    page.get_by_text("Ça ne se passe pas comme prévu").click()
    reader.read("door, no proof of age")
    with page.expect_response("**/livre/") as answer:
        page.get_by_role("button", name="Livrée sans l’alcool").click()
    assert answer.value.json() == {"refused": ""}
    with schema_context(bar.schema_name):
        delivered.refresh_from_db()
        assert (delivered.state, delivered.alcohol) == ("handed_over", "refused")
    assert reader.found == []
