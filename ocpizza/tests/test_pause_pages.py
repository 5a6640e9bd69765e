"""What nginx shows while the site restarts, or to whom asks too much: read by axe at both sizes, under its own policy."""

import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings

from conftest import DESK, PHONE
from ocpizza.tests.browsing import faults, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NGINX = (
    (settings.BASE_DIR / "deploy/nginx.conf").read_text().partition("location /_pause/ {")[2].partition("\n    }")[0]
)
HEADERS = {name: value.strip('"') for name, value in re.findall(r'add_header (\S+) (".*?"|\S+) always;', NGINX)}
FORM = '<!doctype html><title>Form</title><form method="post" action="/sent/"><input name="note"><button>Go</button></form>'
VIEWS = pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone-light", "desk-dark"]
)


class Nginx(ThreadingHTTPServer):
    """In its place: static files always; anything else the pause page, or a page once the site is back."""

    site_is_up = False
    status, words = 503, ""  # of what it shows instead

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Answer(SimpleHTTPRequestHandler):
    server: Nginx

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=str(settings.BASE_DIR))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            super().do_GET()
        elif self.server.site_is_up or self.path == "/form/":
            self._say(200, {}, FORM if self.path == "/form/" else "<!doctype html><title>Back</title><h1>Back</h1>")
        else:
            self._pause("page")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._pause("sent")

    def _pause(self, name: str) -> None:
        page = settings.BASE_DIR / f"static/pause/{self.server.words}{name}.html"
        self._say(self.server.status, HEADERS, page.read_text())

    def _say(self, status: int, headers: dict[str, str], page: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def nginx() -> Iterator[Nginx]:
    server = Nginx(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_headers_are_those_of_the_web_server():
    assert {"Retry-After", "Cache-Control", "Content-Security-Policy", "HX-Retarget"} <= HEADERS.keys()


@VIEWS
def test_the_pause_page_is_read_and_goes_away_by_itself(browser, nginx, size, scheme):
    page = open_page(browser, size, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(nginx.url("/carte/reine/"))
    assert answer
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert page.get_by_role("status").is_visible()
    assert faults(page) == []
    assert not [words for words in said if "Content Security Policy" in words]
    nginx.site_is_up = True
    page.get_by_role("heading", name="Back").wait_for()
    assert page.url == nginx.url("/carte/reine/")


def test_without_scripts_the_pause_page_goes_away_too(browser, nginx):
    page = open_page(browser, PHONE, java_script_enabled=False)
    page.goto(nginx.url("/carte/reine/"))
    nginx.site_is_up = True
    page.get_by_role("heading", name="Back").wait_for()


@VIEWS
def test_the_page_of_a_sent_form_is_read_and_leads_back_to_what_was_typed(browser, nginx, size, scheme):
    page = open_page(browser, size, color_scheme=scheme)
    page.goto(nginx.url("/form/"))
    page.locator("input").fill("sans oignons")
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Un instant").wait_for()
    assert faults(page) == []
    nginx.site_is_up = True
    page.locator("form").wait_for()
    assert page.locator("input").input_value() == "sans oignons"


@VIEWS
def test_beyond_a_limit_the_page_says_to_wait_and_leads_back(browser, nginx, size, scheme):
    nginx.status, nginx.words = 429, "limit-"
    page = open_page(browser, size, color_scheme=scheme)
    answer = page.goto(nginx.url("/carte/reine/"))
    assert answer
    assert (answer.status, answer.headers["retry-after"]) == (429, "5")
    page.get_by_role("heading", name="Trop de demandes").wait_for()
    assert faults(page) == []
    nginx.site_is_up = True
    page.get_by_role("link", name="Réessayer").click()
    page.get_by_role("heading", name="Back").wait_for()


@VIEWS
def test_beyond_a_limit_a_form_is_still_there_to_be_sent_again(browser, nginx, size, scheme):
    nginx.status, nginx.words = 429, "limit-"
    page = open_page(browser, size, color_scheme=scheme)
    page.goto(nginx.url("/form/"))
    page.locator("input").fill("sans oignons")
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Trop d’essais").wait_for()
    assert faults(page) == []
    page.go_back()
    assert page.locator("input").input_value() == "sans oignons"
