"""Quantities and prices as people write them in the tables of forms."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

LARGEST = 10**9
SUFFIXES = {"g": {"kg": 1000, "g": 1}, "ml": {"cl": 10, "ml": 1, "l": 1000}}


def read(text: str, unit: str = "") -> Decimal:
    """`1 250,5` is 1250.50; of an ingredient in grams, `1,5 kg` is 1500. Raises ValueError."""
    text, times = text.strip().lower(), 1
    for suffix, worth in SUFFIXES.get(unit, {}).items():
        if text.endswith(suffix):
            text, times = text.removesuffix(suffix), worth
            break
    try:
        quantity = times * Decimal(
            text.strip().replace(",", ".").replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
        )
    except InvalidOperation:
        raise ValueError(text) from None
    if not quantity.is_finite() or not 0 <= quantity < LARGEST:
        raise ValueError(text)
    return quantity.quantize(Decimal("0.01"))


def read_cents(text: str) -> int | None:
    """`8,90` is 890; nothing is None. Raises ValueError."""
    return int((read(text) * 100).to_integral_value(ROUND_HALF_UP)) if text.strip() else None


def written(quantity: Decimal | None) -> str:
    """`2.50` is `2,5`, for a field."""
    if quantity is None:
        return ""
    return f"{quantity.normalize():f}".replace(".", ",") if quantity else "0"
