"""Who listens to what, and what was said lately: in memory, without input or output."""

import asyncio
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable

REMEMBERED = 512  # hints kept for those who come back after a short cut
QUEUE = 64  # a client further behind gets one "resync" instead


class Client:
    """One open stream."""

    __slots__ = ("frames", "keys", "wake")

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)
        self.frames: deque[bytes] = deque()
        self.wake = asyncio.Event()

    def push(self, frame: bytes, resync: bytes) -> None:
        if len(self.frames) >= QUEUE:
            self.frames.clear()
            frame = resync
        self.frames.append(frame)
        self.wake.set()

    def take(self) -> bytes:
        body = b"".join(self.frames)
        self.frames.clear()
        self.wake.clear()
        return body


class Hub:
    """Every hint has a number; a new epoch begins whenever some may have been missed."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._by_key: dict[str, set[Client]] = defaultdict(set)
        self._said: deque[tuple[int, frozenset[str]]] = deque(maxlen=REMEMBERED)
        self._number = 0
        self._epoch = secrets.token_hex(4)

    def begin_epoch(self) -> None:
        """PostgreSQL was away: nobody knows what was said meanwhile, so everyone fetches again."""
        self._epoch, self._number = secrets.token_hex(4), 0
        self._said.clear()
        for client in self.clients:
            client.push(self.resync, self.resync)

    def join(self, client: Client) -> None:
        self.clients.add(client)
        for key in client.keys:
            self._by_key[key].add(client)

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        for key in client.keys:
            self._by_key[key].discard(client)
            if not self._by_key[key]:
                del self._by_key[key]

    def dispatch(self, payload: str) -> None:
        """A notification: keys separated by spaces."""
        keys = frozenset(payload.split())
        self._number += 1
        self._said.append((self._number, keys))
        for client in {client for key in keys for client in self._by_key.get(key, ())}:
            client.push(self._hint(self._number, keys & client.keys), self.resync)

    def welcome(self, client: Client, last_event_id: str) -> bytes:
        """What a client gets first: the hints that it missed, or "resync" when they cannot be known."""
        epoch, _, number = last_event_id.partition("-")
        if not last_event_id:
            return self._frame("hello", "")
        oldest = self._said[0][0] if self._said else self._number + 1
        if epoch != self._epoch or not number.isdecimal() or int(number) + 1 < oldest:
            return self.resync
        since = int(number)
        missed = [
            self._hint(said, keys & client.keys) for said, keys in self._said if said > since and keys & client.keys
        ]
        return b"".join(missed) or self._frame("hello", "")

    @property
    def resync(self) -> bytes:
        return self._frame("resync", "")

    def _hint(self, number: int, keys: frozenset[str]) -> bytes:
        """Only the topics that the client asked for: another's may be a secret, such as the reference of an order."""
        return self._frame("hint", " ".join(sorted(key.partition(":")[2] for key in keys)), number)

    def _frame(self, event: str, data: str, number: int | None = None) -> bytes:
        number = self._number if number is None else number
        return f"id: {self._epoch}-{number}\nevent: {event}\ndata: {data}\n\n".encode()
