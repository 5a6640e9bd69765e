"""Words as people type them in a search."""

import unicodedata


def folded(text: str) -> str:
    """Without accents nor capitals."""
    split = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe"))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def match(search: str, text: str) -> bool:
    """All the words of a search are in the text."""
    found = folded(text)
    return all(word in found for word in folded(search).split())
