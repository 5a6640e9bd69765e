"""HTTP: Stripe's addresses, the pay page, the levers of the tests."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stripe_stand_in import api, checkout, objects, pages
from stripe_stand_in.control import Control, Fault
from stripe_stand_in.courier import Courier
from stripe_stand_in.errors import StripeError
from stripe_stand_in.intents import CARDS
from stripe_stand_in.world import World

JSON, HTML = "application/json", "text/html; charset=utf-8"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, *, url: str = "", webhook: str = "", secret: str = "", path: Path | None = None
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.world = World(url=url or f"http://127.0.0.1:{self.server_port}", path=path)
        self.control = Control(self.world, Courier(self.world, webhook, secret))
        self.control.courier.start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one(self) -> None:
        self.address = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = self.address.path
        self.fault = self._fault(path) if path.startswith("/v1/") else None
        with self.server.world.lock:
            changed = api.let_time_pass(self.server.world)
            if path.startswith("/v1/"):
                self._api(path)
            elif path.startswith("/_control/"):
                self._control(path.removeprefix("/_control/"))
            elif path.startswith("/c/"):
                self._page(path.removeprefix("/c/"))
            else:
                self._send(404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL."}})
            if changed or self.command == "POST":
                self.server.world.save()

    do_GET = do_POST = do_DELETE = handle_one  # noqa: N815  the names that http.server calls

    def _fault(self, path: str) -> Fault | None:
        """What this request meets; one that is slow keeps nobody else waiting."""
        with self.server.world.lock:
            self.server.control.log.append((self.command, path, self.headers.get("Idempotency-Key")))
            fault = self.server.control.fault(self.command, path)
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        return fault

    def _api(self, path: str) -> None:
        key, fault = self.headers.get("Idempotency-Key"), self.fault
        refusal = self._refused_key()
        if refusal:
            self._send(401, refusal)
            return
        if fault and self._broken(fault):
            return
        form = self.address.query if self.command == "GET" else self.body
        pairs = parse_qsl(form, keep_blank_values=True)
        status, body, replayed = api.answer(self.server.world, self.command, path, pairs, key)
        if fault and fault.kind == "lost_answer":  # the work is done, the answer never arrives
            self.close_connection = True
            self.connection.close()
            return
        self._send(status, body, **({"Idempotent-Replayed": "true"} if replayed else {}))

    def _broken(self, fault: Fault) -> bool:
        if fault.kind == "lost_request":
            self.close_connection = True
            self.connection.close()
        elif fault.kind == "error":
            kind = "rate_limit_error" if fault.status == 429 else "api_error"
            self._send(fault.status, {"error": {"type": kind, "message": "Incident demandé"}})
        return fault.kind in ("lost_request", "error")

    def _refused_key(self) -> dict[str, Any] | None:
        key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if key.startswith("sk_test_"):
            return None
        message = "The stand-in takes test keys only." if "_live_" in key else "Invalid API Key provided."
        return {"error": {"type": "invalid_request_error", "message": message}}

    def _control(self, lever: str) -> None:
        try:
            self._send(200, self.server.control.pull(lever, json.loads(self.body or "{}")))
        except StripeError as error:
            self._send(error.status, error.body)
        except TypeError as error:  # an argument that the lever does not have
            self._send(400, {"error": {"message": str(error)}})

    def _page(self, path: str) -> None:
        if path == "style.css":
            self._send(200, pages.STYLE, "text/css; charset=utf-8")
            return
        where, _, identifier = path.partition("/")
        session = self._session(where, identifier)
        if session is None:
            self._send(404, pages.over(None), HTML)
        elif session["status"] == "complete":
            self._redirect(checkout.success_address(session))  # a second tap, or back from the shop
        elif session["status"] != "open":
            self._send(410, pages.over(session), HTML)
        elif self.command == "GET":
            asked = self.server.world.asked[session["id"]]
            self._send(200, pages.pay(session, asked) if where == "pay" else pages.challenge(session), HTML)
        else:
            self._act(where, session)

    def _session(self, where: str, identifier: str) -> objects.Object | None:
        sessions = self.server.world.tables["checkout.session"]
        if where == "pay":
            return sessions.get(identifier)
        return next((one for one in sessions.values() if one["payment_intent"] == identifier), None)

    def _act(self, where: str, session: objects.Object) -> None:
        form = dict(parse_qsl(self.body))
        try:
            if where == "pay":
                card = CARDS.get(form.get("card", ""), CARDS["accepted"])
                intent = checkout.pay(self.server.world, session, card)
            else:
                intent = checkout.answer_challenge(self.server.world, session, accepted=form.get("answer") == "yes")
        except StripeError as error:
            asked = self.server.world.asked[session["id"]]
            self._send(402, pages.pay(session, asked, str(error)), HTML)
            return
        action = intent["next_action"]
        self._redirect(action["redirect_to_url"]["url"] if action else checkout.success_address(session))

    def _redirect(self, address: str) -> None:
        self._send(303, "", HTML, Location=address)

    def _send(self, status: int, body: Any, content_type: str = JSON, **headers: str) -> None:
        content = (json.dumps(body) if content_type == JSON else body).encode()
        self.send_response(status)
        common = {"Content-Type": content_type, "Content-Length": str(len(content)), "Cache-Control": "no-store"}
        for name, value in (common | {"Request-Id": objects.new_id("req_", 14)} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_parts: Any) -> None:
        """Silent: an address holds what names a payment."""
