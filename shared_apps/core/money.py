"""Money is whole cents everywhere; this module alone turns it into text or splits it."""

from collections.abc import Sequence

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"


def euros(cents: int) -> str:
    """`1250` is `12,50 €`, `-123456` is `-1 234,56 €`, with no-break spaces as French typography asks."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    grouped = f"{units:,}".replace(",", NARROW_NO_BREAK_SPACE)
    return f"{sign}{grouped},{rest:02d}{NO_BREAK_SPACE}€"


def decimal(cents: int) -> str:
    """`-123456` is `-1234,56`, for a spreadsheet."""
    units, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units},{rest:02d}"


def share(cents: int, weights: Sequence[int]) -> list[int]:
    """Splits a sum pro rata to the cent: the largest remainders take the cents left over, so the parts sum exactly."""
    total = sum(weights)
    if not total:
        raise ValueError("nothing to share among")
    parts = [cents * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(cents * weights[index] % total))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return parts
