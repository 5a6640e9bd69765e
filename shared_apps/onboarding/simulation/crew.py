"""The shop's people at their screens: each a session of their own in a thread of their own."""

import queue
import re
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

from shared_apps.onboarding.simulation.browser import Browser, Failed, Form, Page
from shared_apps.onboarding.simulation.evening import Channel, Guest
from shared_apps.onboarding.simulation.notes import Notes

IDLE_SECONDS = 0.3
SET_ASIDE_SECONDS = 10.0
CARRIED = 3  # deliveries in a round
FAILED_EVERY = 12  # doors of a driver
FAILURES = ("absent", "refused", "wrong_address", "damaged")
LATE = re.compile(r'data-late="(\d+)')
TICKET = re.compile(r'<li class="ticket [^>]*id="ticket-(\d+)".*?(?=<li class="ticket |<div class="tools")', re.S)
CARRIED_CASH = re.compile(r'data-cash="(\d+)"')
PIECES = re.compile(r'class="what">(\d+) ×')


@dataclass(frozen=True, slots=True)
class Pace:
    """How long real work takes here, in seconds of the clock on the wall: the evening may be played faster than it is."""

    per_pizza: float  # of one cook
    errand: float  # between the shop and a door
    ahead: float  # before the end of the time promised, a ticket is begun


class Member(ABC):
    """Somebody signed in, who does what there is to do until the service is over."""

    def __init__(self, *, browser: Browser, email: str, password: str, notes: Notes, stop: threading.Event) -> None:
        self.browser, self.email, self.password, self.notes, self.stop = browser, email, password, notes, stop

    def run(self) -> None:
        signed_in = False
        while not self.stop.is_set():
            try:
                signed_in = signed_in or self._sign_in()
                if not self.work():
                    self.stop.wait(IDLE_SECONDS)
            except Failed as fault:
                self.notes.fault(f"{self.email} : {fault}")
                self.stop.wait(1)
            except OSError as fault:
                self.notes.fault(f"{self.email} : site injoignable ({type(fault).__name__})")
                self.stop.wait(1)
        try:
            self.leave_work()
        except (Failed, OSError) as fault:
            self.notes.fault(f"{self.email} : {fault}")

    def _sign_in(self) -> bool:
        page = self.browser.get("/compte/connexion/")
        form = next(form for form in page.forms if "password" in form.fields)
        if self.browser.submit(form, login=self.email, password=self.password).refused:
            raise Failed("connexion refusée")
        return True

    @abstractmethod
    def work(self) -> bool:
        """Does one thing; whether there was one."""

    def leave_work(self) -> None:  # noqa: B027  most have nothing to do
        """What is done once everything is over."""

    def press(self, form: Form, act: str, **values: str) -> Page:
        answer = self.browser.submit(form, **values)
        if answer.refused:
            self.notes.refused(act, answer.refusal)
        else:
            self.notes.did(act)
        return answer


class Cook(Member):
    def __init__(self, *, pace: Pace, **session: Any) -> None:
        super().__init__(**session)
        self.pace = pace
        self.set_aside: dict[str, float] = {}  # tickets the stock has not enough for, until when one looks at others

    def work(self) -> bool:
        board = self.browser.get("/cuisine/bons/")
        for form in board.all(r"/vu/\d+/$"):
            self.press(form, "bon modifié vu")
        waiting = next((form for form in board.all(r"/prendre/$") if self._is_time(board, form)), None)
        if waiting is None:
            return False
        number = number_in(waiting)
        if self.press(waiting, "bon pris").refused:
            self.set_aside[number] = time.monotonic() + SET_ASIDE_SECONDS
            return True  # a colleague was quicker, or the stock no longer has it
        self.stop.wait(self.pace.per_pizza * pieces(board, number))
        self._ready(number)
        return True

    def _is_time(self, board: Page, form: Form) -> bool:
        """A pizza made long before its time is a cold pizza."""
        if self.set_aside.get(number_in(form), 0) > time.monotonic():
            return False
        late = LATE.search(ticket(board, number_in(form)))
        return late is None or time.time() > int(late[1]) - self.pace.ahead

    def _ready(self, number: str) -> None:
        form = self.browser.get("/cuisine/bons/").find(rf"/{number}/pret/$")
        if form is not None:
            self.press(form, "bon prêt")


def number_in(form: Form) -> str:
    """The number of the order that a form acts on: `/cuisine/bons/12/prendre/`."""
    return form.action.split("/")[-3]


def ticket(board: Page, number: str) -> str:
    return next((found[0] for found in TICKET.finditer(board.html) if found[1] == number), "")


def pieces(board: Page, number: str) -> int:
    """How many pizzas and sides a ticket asks for."""
    return max(1, sum(int(count) for count in PIECES.findall(ticket(board, number))))


class Clerk(Member):
    """On the phone and at the counter: takes orders, hands over those that are collected."""

    def __init__(self, *, calls: "queue.Queue[Guest]", postcode: str, city: str, **session: Any) -> None:
        super().__init__(**session)
        self.calls, self.postcode, self.city = calls, postcode, city

    def work(self) -> bool:
        try:
            guest = self.calls.get_nowait()
        except queue.Empty:
            return self._hand_over()
        try:
            self.take(guest)
        finally:
            self.calls.task_done()
        return True

    def take(self, guest: Guest) -> None:
        taking = self.browser.submit(self.browser.get("/comptoir/").form(r"^/comptoir/prise/$"))
        for line in dictated(guest, taking):
            answer = self.browser.submit(taking.form(r"/lignes/$"), line=line)
            if "notice bad" in answer.html:
                self.notes.refused("comptoir", answer.refusal)
            taking = answer
        done = self.browser.submit(taking.form(r"/passer/$"), **self._answers(guest))
        if "/prise/" in done.path:
            self.notes.refused("comptoir", done.refusal)
            done = self.browser.submit(done.form(r"/passer/$"), **self._answers(guest))  # now that it is said aloud
        if "/prise/" in done.path:
            form = done.form(r"/passer/$")
            self.browser.submit(replace(form, action=form.action.replace("/passer/", "/abandonner/")))
            self.notes.did("prise abandonnée")
        else:
            self.notes.did("commande au téléphone" if guest.channel == Channel.PHONE else "commande au comptoir")

    def _answers(self, guest: Guest) -> dict[str, str]:
        answers = {"phone": guest.phone, "name": guest.name, "channel": guest.channel.value}
        answers |= {"allergy_note": guest.allergy, "mode": "delivery" if guest.delivered else "collection"}
        if guest.delivered:
            answers |= {"street": guest.street, "postcode": self.postcode, "city": self.city}
        return answers

    def _hand_over(self) -> bool:
        orders = self.browser.get("/comptoir/liste/")
        by_road = set(re.findall(r'data-delivery="(\d+)"', orders.html))
        for form in orders.all(r"/remettre/$"):
            if number_in(form) not in by_road:
                means = form.choices.get("means", [])
                # Each order has its own way of being paid, always the same for the same evening.
                chosen = means[int(number_in(form)) % len(means)] if means else None
                self.press(form, "commande remise", **({"means": chosen} if chosen else {}))
                return True
        return False


def dictated(guest: Guest, taking: Page) -> list[str]:
    """What the clerk types for each line: names of the card, as the page's list offers them."""
    names = re.findall(r'<option value="([^"]+)"></option>', taking.html)
    lines = []
    for piece in guest.pieces:
        name = names[int(piece.dish * len(names))]
        lines.append(f"{piece.quantity} {name}")
    return lines


class Driver(Member):
    """Takes what is ready to the door. A late one stands in traffic now and then."""

    def __init__(self, *, pace: Pace, late_every: int = 0, **session: Any) -> None:
        super().__init__(**session)
        self.pace, self.late_every, self.trips = pace, late_every, 0

    def work(self) -> bool:
        page = self.browser.get("/livraisons/")
        beginning = page.find(r"/service/commencer/$")
        if beginning is not None:
            self.press(beginning, "service commencé")
            return True
        at_the_door = page.find(r"/livre/$") and page.find(r"/arrive/$")
        if at_the_door is not None and 'data-phase="road"' in page.html:
            self._deliver(at_the_door)
            return True
        leaving = page.find(r"/parti/$")
        if leaving is not None and not self._take(page, leaving):
            self.press(leaving, "livreur parti")
            return True
        return leaving is not None or self._take(page, None)

    def _take(self, page: Page, leaving: Form | None) -> bool:
        """One more delivery, while there is room; whether one was taken."""
        taking = page.find(r"/prendre/$")
        if taking is None or len(page.all(r"/rendre/$")) >= CARRIED:
            return False
        self.press(taking, "livraison prise")  # a colleague may be quicker
        return True

    def _deliver(self, arriving: Form) -> None:
        """The way to the next door, and what happens there."""
        self.trips += 1
        late = self.late_every and self.trips % self.late_every == 0
        if late:
            self.notes.did("livreur retardé")
        self.stop.wait(self.pace.errand * (4 if late else 1))
        if self.press(arriving, "livreur arrivé").refused:
            return
        page, stop = self.browser.get("/livraisons/"), arriving.action.removesuffix("arrive/")
        failed = self.trips % FAILED_EVERY == 0
        form = page.find(re.escape(stop) + ("echec/$" if failed else "livre/$"))
        if form is None:
            return  # the counter was quicker
        if failed:
            self.press(form, "livraison échouée", reason=FAILURES[self.trips // FAILED_EVERY % len(FAILURES)])
            return
        means = form.choices.get("means", [])
        self.press(form, "commande livrée", **({"means": means[self.trips % len(means)]} if means else {}))

    def leave_work(self) -> None:
        """Counts the cash, once everything is over."""
        page = self.browser.get("/livraisons/")
        ending = page.find(r"/service/terminer/$")
        if ending is not None:
            carried = int(found[1]) if (found := CARRIED_CASH.search(page.html)) else 0
            self.press(ending, "caisse remise", counted_cents=f"{carried / 100:.2f}".replace(".", ","))


class Manager(Member):
    """Receives what runs low; in the middle of the evening one ingredient is found to be gone, for a while."""

    def __init__(self, *, evening_seconds: float, pars: dict[int, str], missing: int, **session: Any) -> None:
        """`pars`: what is received of each ingredient, in its unit. `missing`: the one that runs out."""
        super().__init__(**session)
        self.evening_seconds, self.pars, self.missing = evening_seconds, pars, missing
        self.counted_out, self.failed = False, set[int]()

    def work(self) -> bool:
        self._settle_failures()
        if self._is_out() and not self.counted_out:
            self.counted_out = True
            self._record(self.missing, "count", "0", "ingrédient compté à zéro")
        low = self.browser.get("/gestion/stock/?voir=bas")
        for key in {int(found) for found in re.findall(r'href="/gestion/stock/(\d+)/"', low.html)}:
            if not (key == self.missing and self._is_out()):
                self._record(key, "reception", self.pars[key], "réception")
        self.stop.wait(self.evening_seconds / 60)
        return True

    def _settle_failures(self) -> None:
        """What was not delivered: delivered again, made again, or written off, each in its turn."""
        for form in self.browser.get("/comptoir/tournees/tableau/").all(r"/suite/$"):
            number = int(number_in(form))
            first = number not in self.failed
            self.failed.add(number)
            chosen = ("second_delivery", "remake", "loss")[number % 3] if first else "loss"
            if self.press(form, "échec réglé", follow_up=chosen).refused:
                self.press(form, "échec réglé", follow_up="second_delivery")  # paid: it cannot be written off

    def _is_out(self) -> bool:
        return 0.35 <= self.notes.elapsed() / self.evening_seconds <= 0.5

    def _record(self, ingredient_id: int, reason: str, quantity: str, act: str) -> None:
        page = self.browser.get(f"/gestion/stock/{ingredient_id}/")
        form = next(form for form in page.forms if "quantity" in form.fields)
        self.press(form, act, reason=reason, quantity=quantity)
