"""What is typed on a legal page, in a real browser: nothing of it runs, nor asks for more than our CSP gives."""

import pytest

from conftest import DESK, PHONE
from ocpizza.tests.browsing import open_page, sign_in
from ocpizza.tests.conftest import Site
from shared_apps.accounts.models import Role
from shared_apps.legal.tests.test_markup import ATTACKS
from tenants.hosts import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_text_full_of_attacks_runs_nothing(browser, site: Site, own_shop: Shop, publications, team):
    office, visitor, said = open_page(browser, DESK), open_page(browser, PHONE), []
    for page in (office, visitor):
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(office, site, None, team[Role.HEAD_OFFICE])
    office.goto(site.url(path="/siege/pages-legales/conditions-de-vente/"))
    text, said[:] = office.get_by_role("textbox", name="Texte"), []
    text.fill(text.input_value() + "\n\n" + "\n\n".join(one for one in ATTACKS if not _is_refused(one)))
    with office.expect_navigation():
        office.get_by_role("button", name="Garder le brouillon").click()
    office.get_by_role("heading", name="Aperçu").wait_for()
    with office.expect_navigation():
        office.get_by_role("button", name="Publier").click()
    office.get_by_text("est publiée").wait_for()
    visitor.goto(site.url(path="/conditions-de-vente/"))
    article = visitor.locator("article")
    assert "<script>alert(1)</script>" in article.inner_text()
    assert article.locator("script, img, style, iframe, [style], [onclick], [onerror]").count() == 0
    assert article.locator("a:not([href^='https://'], [href^='mailto:'], [href^='tel:'], [href^='/'])").count() == 0
    assert said == []


def _is_refused(attack: str) -> bool:
    """A link that leads nowhere good keeps the page from being published at all."""
    return "](" in attack
