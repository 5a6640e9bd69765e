"""What the browser tests share: contexts of a size, signing in, accessibility."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from conftest import DESK, PASSWORD
from ocpizza.tests.conftest import Site
from shared_apps.accounts.models import User
from tenants.hosts import Shop

axe = Axe()
# Of two elements with one key only the first has it; two that ask for the same thing are no clash.
CLASHES = """() => {
    const acts = {};
    for (const one of document.querySelectorAll("[data-key]")) {
        (acts[one.dataset.key] ??= new Set()).add(one.getAttribute("hx-get") ?? one.outerHTML);
    }
    return Object.keys(acts).filter((key) => acts[key].size > 1);
}"""


def open_page(browser: Browser, size: dict[str, int] = DESK, **options: object) -> Page:
    """A visitor of their own; an error of any page's script fails the test when it is next checked."""
    page = browser.new_context(viewport=size, **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    return page


def sign_in(page: Page, site: Site, shop: Shop | None, user: User) -> None:
    page.goto(site.url(shop, "/compte/connexion/"))
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Se connecter").click()


def faults(page: Page) -> list[str]:
    """What is wrong with a page for somebody who does not see, or whose thumb is large; and broken images."""
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")  # where the basket's bar covers nothing
    found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    problems = [
        f"{violation['id']}: {node['target']} {node['failureSummary'].splitlines()[1].strip()}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    broken = "() => [...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)"
    problems += [f"image: {source}" for source in page.evaluate(broken)]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        problems.append("the page scrolls sideways")
    problems += [f"key: {key} does two things" for key in page.evaluate(CLASHES)]
    if page.locator("h1").count() != 1:
        problems.append(f"{page.locator('h1').count()} h1")
    return problems
