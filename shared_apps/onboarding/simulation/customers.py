"""The customers of the web, as their browsers do it: card, customiser, basket, checkout, tracking."""

import re
from urllib.parse import urlsplit

from shared_apps.onboarding.simulation.browser import PAYMENT_REQUIRED, Browser, Form, Page, within
from shared_apps.onboarding.simulation.evening import Card, Guest, Piece, Turn
from shared_apps.onboarding.simulation.notes import Notes

PIZZA = re.compile(r'<a class="button second" href="(/carte/[a-z0-9-]+/)"')
DISH = re.compile(r'<li class="card dish([^"]*)">.*?<h3><a href="(/carte/[a-z0-9-]+/)">([^<]+)</a>', re.S)
TRIES = 3
PAYING = 4  # pages from « Order » to the thanks: the card, refused once, another, what the bank asks


class Customer:
    def __init__(self, guest: Guest, browser: Browser, notes: Notes, *, postcode: str, city: str) -> None:
        self.guest, self.browser, self.notes = guest, browser, notes
        self.postcode, self.city = postcode, city
        self.tracking = ""

    def order(self) -> bool:
        """From the card to the tracking page; whether there is an order at the end."""
        for piece in self.guest.pieces:
            self._add(piece)
        basket = self.browser.get("/panier/")
        checkout = self._checkout(basket)
        if checkout is None:
            self.notes.refused("web", "panier : " + basket.refusal)
            return False
        for attempt in range(TRIES):
            page = self._paid(self.browser.submit(checkout.form(r"^/commander/"), **self._answers(checkout, attempt)))
            if re.match(r"/commande/", page.path):
                self.tracking = page.path
                self.notes.did("commande web")
                return True
            self.notes.refused("web", page.refusal)
            checkout = page
        return False

    def _paid(self, page: Page) -> Page:
        """The same page, or where the customer is after the pay page that it sent them to."""
        if not page.elsewhere:
            return page
        away = Browser(host=urlsplit(page.elsewhere).netloc, address=urlsplit(page.elsewhere).netloc)
        asked = away.get(within(page.elsewhere))
        card: Card | str = self.guest.card
        for _page in range(PAYING):
            form = asked.forms[0]
            if "card" in form.choices:
                asked, card = away.submit(form, card=str(card)), Card.ACCEPTED
            else:
                asked = away.submit(form, answer="yes")
            if asked.elsewhere:
                self.notes.did("payé en ligne")
                return self.browser.get(within(asked.elsewhere))
            if asked.status == PAYMENT_REQUIRED:
                self.notes.did("carte refusée")
        return asked

    def _add(self, piece: Piece) -> None:
        card = self.browser.get("/")
        seen = DISH.findall(card.html)
        gone = {name for classes, _path, name in seen if "gone" in classes}
        self.notes.card_seen(there={name for _classes, _path, name in seen} - gone, sold_out=gone)
        pizzas = PIZZA.findall(card.html)
        if not pizzas:
            return
        page = self.browser.get(pizzas[int(piece.dish * len(pizzas))])
        form = page.find(r"^/carte/")
        if form is not None:
            self.browser.submit(form, **composed(form, piece))

    def _checkout(self, basket: Page) -> Page | None:
        wanted = "livraison" if self.guest.delivered else "a-emporter"
        for way in (wanted, "a-emporter"):
            if f"/commander/{way}/" in basket.html:
                return self.browser.get(f"/commander/{way}/")
        return None

    def _answers(self, checkout: Page, attempt: int) -> dict[str, str]:
        form = checkout.form(r"^/commander/")
        times = [time for time in form.choices.get("when", []) if time]
        # A time that has just been taken is given up for one further on, as people do.
        further = min(len(times) - 1, (4 if self.guest.later else 0) + 2 * attempt)
        answers = {"name": self.guest.name, "phone": self.guest.phone, "email": "", "allergy_note": self.guest.allergy}
        if "online" in form.choices.get("payment", []) and self.guest.card:
            answers["payment"] = "online"
        if times and (self.guest.later or attempt):
            answers["when"] = times[further]
        if "street" in form.fields:
            answers |= {"street": self.guest.street, "postcode": self.postcode, "city": self.city}
        return answers

    def turn(self) -> None:
        """Changes or cancels the order; the kitchen may have it already."""
        page = self.browser.get(self.tracking)
        if self.guest.turn == Turn.CANCEL:
            self._press(page, r"/annuler/$", "annulation")
        elif self.guest.turn == Turn.CHANGE:
            form = page.find(r"/modifier/$")
            if form is None:
                self.notes.did("trop tard pour modifier")
                return
            basket = self.browser.submit(form)
            if basket.refused:
                self.notes.refused("web", basket.refusal)
                return
            line = basket.form(r"^/panier/lignes/")
            basket = self.browser.submit(line, quantity=str(int(line.fields["quantity"]) % 3 + 1))
            self._press(basket, r"^/panier/enregistrer/", "modification")

    def _press(self, page: Page, action: str, act: str) -> None:
        form = page.find(action)
        if form is None:
            self.notes.did(f"trop tard : {act}")
            return
        answer = self._paid(self.browser.submit(form))
        if answer.refused:
            self.notes.refused("web", answer.refusal)
        else:
            self.notes.did(act)


def composed(form: Form, piece: Piece) -> dict[str, str]:
    """Half and half, an extra and a quantity, among what the customiser offers."""
    chosen = {"quantity": str(piece.quantity)}
    halves = [half for half in form.choices.get("other_half", []) if half]
    if piece.other_half is not None and halves:
        chosen["other_half"] = halves[int(piece.other_half * len(halves))]
    extras = form.choices.get("extras", [])
    if piece.extra is not None and extras:
        chosen["extras"] = extras[int(piece.extra * len(extras))]
    return chosen
