"""What everybody notes during the service, from their own thread, for the report."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Refusal:
    at: float  # seconds since the beginning
    who: str
    words: str


@dataclass(slots=True)
class Notes:
    """Counts of acts, refusals in words, faults, and when each dish was seen sold out and back."""

    began: float = field(default_factory=time.monotonic)
    acts: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    gone: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def did(self, act: str) -> None:
        with self.lock:
            self.acts[act] += 1

    def refused(self, who: str, words: str) -> None:
        with self.lock:
            self.refusals.append(Refusal(self.elapsed(), who, words))

    def fault(self, words: str) -> None:
        with self.lock:
            self.faults.append(words)

    def card_seen(self, *, there: set[str], sold_out: set[str]) -> None:
        """What a menu showed: a dish is gone from the first time somebody saw it so, until somebody saw it back."""
        with self.lock:
            now = self.elapsed()
            for dish in sold_out:
                spells = self.gone.setdefault(dish, [])
                if not spells or spells[-1][1] is not None:
                    spells.append((now, None))
            for dish in there & self.gone.keys():
                start, end = self.gone[dish][-1]
                if end is None:
                    self.gone[dish][-1] = (start, now)
