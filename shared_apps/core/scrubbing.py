"""What never leaves for a log or for Sentry: addresses, numbers, keys, rows. Pure text, no settings."""

import re
from typing import Any

# What is secret in an installation: `hide` adds to it.
HIDDEN: dict[str, str] = {}
MASKS = (
    # PostgreSQL quotes the row that breaks a rule, whatever it holds.
    (re.compile(r"Failing row contains \(.*?\)\.(?=\s*(?:\Z|\n\n|\n[A-Z]+:))", re.DOTALL), "Failing row contains (…)."),
    (re.compile(r"(Key \(.*?\))=\(.*?\)(?= (?:already|is |conflicts))", re.DOTALL), r"\1=(…)"),
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
SECRET_LENGTH = 12
KEPT = frozenset({"event_id", "trace_id", "span_id", "parent_span_id", "timestamp", "start_timestamp", "check_in_id"})


def hide(secret: str, instead: str) -> None:
    """From now on `secret` is masked wherever it stands. One that is short enough to be a word is not."""
    if len(secret) >= SECRET_LENGTH:
        HIDDEN[secret] = instead


def mask(text: str) -> str:
    for secret, instead in HIDDEN.items():
        text = text.replace(secret, instead)
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
