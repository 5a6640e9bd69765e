"""The text of a legal page as HTML: headings, paragraphs, lists, tables, links, bold and italics, and nothing else.

Markdown by markdown-it-py, with no rule on but those. HTML is text to it; no attribute goes out but those named here, a
table's alignment neither, which would be a style that our CSP refuses.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from shared_apps.core.money import NO_BREAK_SPACE

RULES = ["heading", "list", "table", "emphasis", "link", "escape", "entity", "newline"]
ATTRIBUTES = {"class", "data-label", "href", "scope", "start"}
PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
LINK = re.compile(r"(https://[^/\\]|mailto:|tel:|/(?![/\\])|/$)", re.IGNORECASE)
BEFORE_A_SIGN = re.compile(r" (?=[:;!?»](\s|$))|(?<=«) |(?<=\d) (?=[%€])")


@dataclass(frozen=True, slots=True)
class Text:
    html: SafeString
    refused_links: tuple[str, ...]


def placeholders(source: str) -> set[str]:
    return set(PLACEHOLDER.findall(source))


def read(source: str, values: Mapping[str, str]) -> Text:
    """With each placeholder replaced by its value, which is text whatever it holds; one without a value stays as it is."""
    refused: dict[str, None] = {}

    def is_allowed(address: str) -> bool:
        allowed = bool(LINK.match(address))
        if not allowed:
            refused[address] = None
        return allowed

    parser = MarkdownIt("zero", {"breaks": True}).enable(RULES)
    parser.validateLink = is_allowed  # type: ignore[method-assign,assignment]
    tokens = parser.parse(PLACEHOLDER.sub(lambda found: _value(found, values), source))
    _put_right(tokens)
    # What the parser writes is its own tags around escaped text.
    html = mark_safe(parser.renderer.render(tokens, parser.options, {}))  # noqa: S308
    return Text(html, tuple(refused))


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    value = values.get(found[1])
    return found[0] if value is None else PUNCTUATION.sub(r"\\\1", " ".join(value.split()))


def _put_right(tokens: list[Token]) -> None:
    """Headings below the page's own, tables as the site's are, French spaces and apostrophes."""
    _label_tables(tokens)
    for token in _all(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
        if token.type == "text":
            token.content = BEFORE_A_SIGN.sub(NO_BREAK_SPACE, token.content.replace("'", "’"))
        token.attrs = {name: value for name, value in token.attrs.items() if name in ATTRIBUTES}


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _label_tables(tokens: list[Token]) -> None:
    """Its first column heads its rows; on a phone a row is a card, whose cells say what they are."""
    headings: list[str] = []
    column = 0
    for token, content in pairwise(tokens):
        if token.type == "table_open":
            headings = []
            token.attrs["class"] = "cards"
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.attrs["scope"] = "col"
            headings.append(_words(content))
        elif token.type == "td_open":
            if column == 0:
                token.tag, token.attrs["scope"] = "th", "row"
            else:
                token.attrs["data-label"] = headings[column]
        elif token.type == "td_close":
            token.tag = "td" if column else "th"
            column += 1


def _words(content: Token) -> str:
    return "".join(token.content for token in content.children or ())
