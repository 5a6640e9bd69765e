"""The levers of the tests: faults, clock, webhooks, payments made without a browser. `POST /_control/<lever>`, in JSON."""

from dataclasses import dataclass, field
from typing import Any

from stripe_stand_in import api, checkout, refunds
from stripe_stand_in.courier import MODES, Courier
from stripe_stand_in.errors import StripeError
from stripe_stand_in.intents import CARDS
from stripe_stand_in.world import World

FAULTS = ("lost_request", "lost_answer", "error", "slow")


@dataclass(slots=True)
class Fault:
    """What the next requests whose address contains `match` meet."""

    kind: str
    match: str = ""
    times: int = 1
    status: int = 503
    seconds: float = 1.0  # of a slow answer


@dataclass(slots=True)
class Control:
    world: World
    courier: Courier
    faults: list[Fault] = field(default_factory=list)
    met: list[str] = field(default_factory=list)  # the kinds of faults that requests have met
    log: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, key

    def fault(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, used up."""
        line = f"{method} {path}"
        found = next((fault for fault in self.faults if fault.match in line), None)
        if found:
            self.met.append(found.kind)
            found.times -= 1
            if found.times <= 0:
                self.faults.remove(found)
        return found

    def pull(self, lever: str, given: dict[str, Any]) -> Any:
        act = getattr(self, f"_{lever}", None)
        if act is None:
            raise StripeError(404, f"No such lever: {lever}")
        return act(**given)

    def _reset(self) -> None:
        self.world.reset()
        self.faults.clear()
        self.met.clear()
        self.log.clear()
        self.courier.held.clear()
        self.courier.delivered.clear()
        self.courier.mode, self.world.refund_status = "normal", "succeeded"

    def _faults(self, faults: list[dict[str, Any]]) -> None:
        self.faults[:] = [Fault(**fault) for fault in faults]
        if any(fault.kind not in FAULTS for fault in self.faults):
            raise StripeError(400, f"Faults are {', '.join(FAULTS)}")

    def _clock(self, advance: int) -> int:
        self.world.advance += advance
        api.let_time_pass(self.world)
        return self.world.now()

    def _webhooks(self, mode: str | None = None, url: str | None = None, secret: str | None = None) -> None:
        if mode is not None and mode not in MODES:
            raise StripeError(400, f"Modes are {', '.join(MODES)}")
        self.courier.mode = mode or self.courier.mode
        self.courier.url = self.courier.url if url is None else url
        self.courier.secret = secret or self.courier.secret

    def _release(self) -> int:
        return self.courier.release()

    def _refunds(self, status: str) -> None:
        """`pending` from now on; `succeeded` or `failed` also decides those that wait."""
        self.world.refund_status = "pending" if status == "pending" else "succeeded"
        if status != "pending":
            refunds.settle(self.world, succeeded=status == "succeeded")

    def _pay(self, session: str, card: str = "accepted") -> dict[str, Any]:
        """What a customer does on the pay page; with a card that is challenged, the bank's page too."""
        found = self.world.get("checkout.session", session)
        intent = checkout.pay(self.world, found, CARDS[card])
        if intent["status"] == "requires_action":
            intent = checkout.answer_challenge(self.world, found, accepted=True)
        return {"intent": intent["id"], "status": intent["status"]}

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        return list(self.world.tables[kind].values())

    def _held(self) -> list[dict[str, Any]]:
        return self.courier.held

    def _delivered(self) -> list[str]:
        return self.courier.delivered

    def _met(self) -> list[str]:
        return self.met

    def _log(self) -> list[tuple[str, str, str | None]]:
        return self.log
