"""A browser without a screen: pages, their forms and their cookies, over real HTTP to a running site.

The names of shops lead nowhere outside a browser (`lille.ocpizza.localhost`), so the site's address is given apart and the
name goes in the Host header.
"""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS = 5
PAYMENT_REQUIRED = 402
REFUSED = {409, 422, PAYMENT_REQUIRED}  # the rule says no, in words


class Failed(RuntimeError):
    """The site answered an error of its own, or a page has not what somebody came for."""


@dataclass(slots=True)
class Form:
    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)  # as the page filled them; boxes and radios only when checked
    choices: dict[str, list[str]] = field(default_factory=dict)  # of selects, radios and boxes
    disabled: bool = False
    words: str = ""


@dataclass(slots=True)
class Page:
    path: str
    status: int
    html: str
    forms: list[Form] = field(default_factory=list)
    elsewhere: str = ""  # the address of another site to which it sends, the pay page's for one

    @property
    def refused(self) -> bool:
        return self.status in REFUSED

    def form(self, action: str) -> Form:
        """The first form whose action matches. Raises Failed."""
        found = self.find(action)
        if found is None:
            raise Failed(f"{self.path}: no form for {action}")
        return found

    def find(self, action: str) -> Form | None:
        return next((form for form in self.forms if re.search(action, form.action) and not form.disabled), None)

    def all(self, action: str) -> list[Form]:
        return [form for form in self.forms if re.search(action, form.action)]

    @property
    def refusal(self) -> str:
        """What a refused page says: its notice, without the tags."""
        found = re.search(r'class="notice bad[^"{}]*"[^>]*>(.*?)</(?:p|div)>', self.html, re.S)
        words = re.sub(r"<[^>]+>", " ", found[1] if found else self.html[:200])
        return re.sub(r"\s+", " ", words).strip()


class Reader(HTMLParser):
    """The forms of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms = path, list[Form]()
        self._form: Form | None = None
        self._select, self._chosen, self._in_button = "", False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.path, values.get("action", ""))
            self._form = Form(action or self.path, values.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, values)

    def _control(self, form: Form, tag: str, values: Mapping[str, str]) -> None:
        name = values.get("name", "")
        if tag == "select":
            self._select, self._chosen = name, False
            form.choices[name] = []
        elif tag == "option" and self._select:
            self._option(form, values)
        elif tag == "textarea" and name:
            form.fields.setdefault(name, "")
        elif tag == "input" and name:
            self._input(form, name, values)
        elif tag == "button":
            self._in_button = True
            form.disabled = form.disabled or "disabled" in values

    def _option(self, form: Form, values: Mapping[str, str]) -> None:
        form.choices[self._select].append(values.get("value", ""))
        if "selected" in values or not self._chosen:
            form.fields[self._select] = values.get("value", "")
            self._chosen = True

    def _input(self, form: Form, name: str, values: Mapping[str, str]) -> None:
        if values.get("type") in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(values.get("value", "on"))
            if "checked" in values:
                form.fields[name] = values.get("value", "on")
        else:
            form.fields[name] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._in_button:
            self._form.words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "button":
            self._in_button = False


def within(address: str) -> str:
    """The path of an address, with its query."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Browser:
    """One visitor of one host, with their cookies."""

    scheme = "http"

    def __init__(self, *, host: str, address: str) -> None:
        """`host` with its port as the address bar shows it; `address` is where the site really listens."""
        self.host, self.address = host, address
        self.cookies: dict[str, str] = {}
        self.requests = 0

    def get(self, path: str) -> Page:
        return self._follow("GET", path, None)

    def submit(self, form: Form, **values: Any) -> Page:
        """Sends a form as the page filled it, with `values` over it; None leaves a field out."""
        filled = {**form.fields, **values}
        pairs = [
            (name, item)
            for name, value in filled.items()
            if value is not None
            for item in (value if isinstance(value, (list, tuple)) else [value])
        ]
        if form.method == "get":
            return self.get(f"{urlsplit(form.action).path}?{urlencode(pairs)}")
        return self._follow("POST", form.action, urlencode(pairs))

    def _follow(self, method: str, path: str, body: str | None) -> Page:
        for _hop in range(REDIRECTS):
            status, location, html = self._request(method, path, body)
            if status not in (301, 302, 303):
                break
            parts = urlsplit(location)
            if parts.netloc and parts.netloc != self.host:
                return Page(path, status, html, elsewhere=location)
            method, body, path = "GET", None, within(urljoin(path, location))
        if status >= 400 and status not in REFUSED:
            raise Failed(f"{method} {path} answers {status}")
        reader = Reader(path)
        reader.feed(html)
        return Page(path, status, html, reader.forms)

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"{self.scheme}://{self.host}"}
        connection = self._connection()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for header in answer.headers.get_all("Set-Cookie") or []:
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
            self.requests += 1
            return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise ConnectionError(f"the answer was cut: {error!r}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=30)
