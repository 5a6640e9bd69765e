"""The live process: one LISTEN on PostgreSQL, one event stream per open page. An ASGI application for uvicorn."""

import asyncio
import json
import logging
import os
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
from django.conf import settings
from psycopg2 import extensions

from shared_apps.live import tokens
from shared_apps.live.hints import CHANNEL
from shared_apps.live.hub import Client, Hub

log = logging.getLogger(__name__)
BEAT_SECONDS = 2  # a page calls itself cut off after 4 s without a word
MAX_CLIENTS = 8000
PATH, HEALTH = "/live/", "/live/sante"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Stream:
    def __init__(self) -> None:
        self.hub = Hub()
        self.listening = False
        self._listener: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _raise_file_limit()
                self._listener = asyncio.create_task(self._listen())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._listener:
                    self._listener.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _listen(self) -> None:
        """Follows PostgreSQL for ever, through its restarts."""
        delay = 0.2
        while True:
            try:
                connection = await asyncio.get_running_loop().run_in_executor(None, _connect)
            except psycopg2.Error as error:
                log.warning("PostgreSQL is away: %s", str(error).strip().splitlines()[0])
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2)
                continue
            delay = 0.2
            self.listening = True
            self.hub.begin_epoch()
            try:
                await self._until_lost(connection)
            finally:
                self.listening = False
                connection.close()

    async def _until_lost(self, connection: extensions.connection) -> None:
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            try:
                connection.poll()
            except psycopg2.Error:
                if not lost.done():
                    lost.set_result(None)
                return
            while connection.notifies:
                self.hub.dispatch(connection.notifies.pop(0).payload)

        descriptor = connection.fileno()
        loop.add_reader(descriptor, readable)
        try:
            await lost
        finally:
            loop.remove_reader(descriptor)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"] == HEALTH:
            await self._health(send)
        elif scope["path"] != PATH:
            await _reply(send, 404)
        elif not self.listening or len(self.hub.clients) >= MAX_CLIENTS:
            await _reply(send, 503)
        else:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            try:
                keys = tokens.read(query.get("token", [""])[0])
            except tokens.BadToken:
                await _reply(send, 403, headers=_cross_origin(headers))
                return
            last_event_id = headers.get("last-event-id") or query.get("last", [""])[0]
            await self._stream(Client(keys), last_event_id, headers, receive, send)

    async def _health(self, send: Send) -> None:
        body = json.dumps({"listening": self.listening, "clients": len(self.hub.clients)}).encode()
        await _reply(send, 200 if self.listening else 503, body, [(b"content-type", b"application/json")])

    async def _stream(
        self, client: Client, last_event_id: str, headers: dict[str, str], receive: Receive, send: Send
    ) -> None:
        first = self.hub.welcome(client, last_event_id)
        self.hub.join(client)
        gone = asyncio.create_task(_until_gone(receive, client))
        start = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store, no-transform"),
            (b"x-accel-buffering", b"no"),
            *_cross_origin(headers),
        ]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": start})
            await send({"type": "http.response.body", "body": b"retry: 1000\n\n" + first, "more_body": True})
            while not gone.done():
                await self._send_next(client, send)
        finally:
            gone.cancel()
            self.hub.leave(client)

    async def _send_next(self, client: Client, send: Send) -> None:
        """The next hints, or a beat; without PostgreSQL no beat is sent, so that pages poll and say so."""
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await client.wake.wait()
        except TimeoutError:
            if self.listening:
                await send({"type": "http.response.body", "body": b"event: beat\ndata:\n\n", "more_body": True})
            return
        await send({"type": "http.response.body", "body": client.take(), "more_body": True})


async def _until_gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.wake.set()


async def _reply(send: Send, status: int, body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or []})
    await send({"type": "http.response.body", "body": body})


def _cross_origin(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """In development the stream has a port of its own: pages of the group and of its shops may read it."""
    origin = headers.get("origin", "")
    host = urlsplit(origin).hostname or ""
    if host != settings.BASE_DOMAIN and not host.endswith(f".{settings.BASE_DOMAIN}"):
        return []
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


def _connect() -> extensions.connection:
    """A direct connection: LISTEN does not survive a transaction-mode pool."""
    database = settings.DATABASES["default"]
    connection = psycopg2.connect(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"] or None,
        connect_timeout=3,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        application_name=f"ocpizza-live {os.getpid()}",
        **database.get("OPTIONS", {}),
    )
    connection.set_session(autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return connection


def _raise_file_limit() -> None:
    """A stream is an open file."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
