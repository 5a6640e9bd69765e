"""`make screenshots`: the pictures of the README, taken from a real site on which a real order goes from card to door."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PORT = int(os.environ.get("PORT", "8000"))
GROUP, SHOP = f"http://ocpizza.localhost:{PORT}", f"http://lille-centre.ocpizza.localhost:{PORT}"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
BROWSERS = [path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()]


def wait_for_site() -> None:
    ask = urllib.request.Request(f"http://127.0.0.1:{PORT}/", headers={"Host": "ocpizza.localhost"})
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(ask, timeout=5).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def take(page: Page, name: str) -> None:
    page.screenshot(path=str(IMAGES / f"{name}.png"))
    print(f"docs/images/{name}.png")


def sign_in(page: Page, base: str, email: str) -> None:
    page.goto(f"{base}/compte/connexion/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Mot de passe").fill("demo-ocpizza")
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_load_state()


def order(page: Page) -> None:
    page.goto(f"{GROUP}/")
    page.get_by_label("Votre adresse").fill("10 rue Nationale, 59000 Lille")
    page.get_by_role("button", name="Trouver ma pizzeria").click()
    take(page, "pizzerias")
    page.goto(f"{SHOP}/")
    take(page, "carte")
    page.goto(f"{SHOP}/carte/reine/")
    page.get_by_label("L’autre moitié").select_option("orientale")
    page.locator("#price", has_text="13,").wait_for()
    page.wait_for_timeout(500)  # the picture
    take(page, "moitie-moitie")
    page.get_by_role("button", name="Ajouter au panier").click()
    page.get_by_role("link", name=re.compile("Voir le panier")).click()
    page.get_by_role("link", name="Retirer à la pizzeria").click()
    page.get_by_label("Nom", exact=True).fill("Camille Martin")
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    page.get_by_role("button", name="Commander avec obligation de paiement").click()
    page.locator("li.now").wait_for()


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    site = subprocess.Popen([sys.executable, "manage.py", "serve", "--demo"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for_site()
        with sync_playwright() as playwright:
            options = {"executable_path": BROWSERS[0]} if BROWSERS else {}
            browser = playwright.chromium.launch(args=["--no-sandbox"], **options)
            customer = browser.new_context(viewport=PHONE).new_page()
            order(customer)
            cook = browser.new_context(viewport=DESK).new_page()
            sign_in(cook, SHOP, "cuisine@lille-centre.example")
            take(cook, "cuisine")
            cook.get_by_role("button", name="Prendre").last.click()
            customer.locator("li.now", has_text="En préparation").wait_for()
            take(customer, "suivi")
            manager = browser.new_context(viewport=DESK).new_page()
            sign_in(manager, SHOP, "responsable@lille-centre.example")
            manager.goto(f"{SHOP}/gestion/stock/")
            take(manager, "stock")
            head_office = browser.new_context(viewport=DESK).new_page()
            sign_in(head_office, GROUP, "siege@ocpizza.example")
            take(head_office, "siege")
            browser.close()
    finally:
        site.send_signal(signal.SIGTERM)
        site.wait(60)


if __name__ == "__main__":
    main()
