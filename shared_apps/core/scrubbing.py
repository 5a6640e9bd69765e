"""What never leaves for a log or for Sentry: addresses, numbers, keys. Pure text, no settings."""

import re
from typing import Any

MASKS = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{8,}"), "[clé]"),
    (re.compile(r"\b\w+_secret_\w+"), "[secret]"),
    (re.compile(r"\bAIza[\w-]{30,}"), "[clé]"),
    (re.compile(r"\bAGE-SECRET-KEY-\w+"), "[clé]"),
    (re.compile(r"(?<=/commande/)[\w-]{16,}"), "[référence]"),  # who has it reads the order
    (re.compile(r"(?<=[?&])((?:key|token|signature|code)=)[^&\s'\"]+"), r"\1[clé]"),
    (re.compile(r"(?<![\w+])(?:(?:\+|00)33[\s.-]?|0)[1-9](?:[\s.-]?\d{2}){4}(?!\d)"), "[téléphone]"),
    (re.compile(r"(?<![\w-])(?:\d[ -]?){13,19}(?![\w-])"), "[numéro]"),
)
KEPT = frozenset({"event_id", "trace_id", "span_id", "parent_span_id", "timestamp", "start_timestamp", "check_in_id"})


def mask(text: str) -> str:
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def mask_all(value: Any) -> Any:
    """The same structure, every string of it masked but the names of things."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: item if key in KEPT else mask_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_all(item) for item in value]
    return value
