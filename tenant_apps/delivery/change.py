"""The change to give for what somebody is likely to hand over: pure."""

from dataclasses import dataclass

LIKELY = (500, 1000, 2000, 5000)  # cents: up to the next 5, 10, 20 or 50 euros


@dataclass(frozen=True, slots=True)
class Given:
    given_cents: int
    back_cents: int


def likely(due_cents: int) -> list[Given]:
    """The smallest sums of notes that cover what is due, with the change of each; none when it is exact or nothing."""
    sums = {-(-due_cents // note) * note for note in LIKELY} if due_cents > 0 else set()
    return [Given(given, given - due_cents) for given in sorted(sums) if given > due_cents]
