"""What the technical log tells is told in words."""

import re

from django.conf import settings

from tenant_apps.drawer.services import cash
from tenant_apps.till.models import EVENTS

WHERE = re.compile(r"\bevent ?=|technical\(")
NAME = re.compile(r'(?:event ?= ?|technical\(|else )"(\w+)"')


def sealed_events() -> set[str]:
    """As the sources name them, where they are sealed."""
    sources = (path for path in settings.BASE_DIR.glob("*_apps/**/*.py") if "tests" not in path.parts)
    lines = (line for path in sources for line in path.read_text().splitlines() if WHERE.search(line))
    return {event for line in lines for event in NAME.findall(line)} | set(cash.EVENTS.values())


def test_every_event_that_is_sealed_has_its_words():
    sealed = sealed_events()
    assert {"drawer_opened", "drawer_closed", "cash_in", "credit_note_given", "key_changed", "training_off"} <= sealed
    assert sealed <= EVENTS.keys()
