import datetime as dt
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shared_apps.core import money, phones

register = template.Library()
UNITS = {"g": ("g", "kg"), "ml": ("ml", "l")}


@register.filter
def euros(cents: int) -> str:
    return money.euros(cents)


@register.filter
def clock(moment: dt.datetime) -> str:
    """`19:05` in Paris becomes `19 h 05`."""
    local = timezone.localtime(moment)
    return f"{local.hour}{money.NO_BREAK_SPACE}h{money.NO_BREAK_SPACE}{local.minute:02d}"


def _decimal(value: Decimal) -> str:
    text = f"{value.normalize():f}" if value else "0"
    return text.replace(".", ",")


@register.filter
def quantity(value: Decimal, unit: str) -> str:
    """A quantity of ingredient for reading: `1500` g is `1,5 kg`, `2` pieces is `2 pièces`."""
    if unit not in UNITS:
        pieces = _("piece") if abs(value) < 2 else _("pieces")
        return f"{_decimal(value)}{money.NO_BREAK_SPACE}{pieces}"
    small, large = UNITS[unit]
    if abs(value) >= 1000:
        return f"{_decimal((value / 1000).quantize(Decimal('0.01')))}{money.NO_BREAK_SPACE}{large}"
    return f"{_decimal(value)}{money.NO_BREAK_SPACE}{small}"


@register.filter
def distance(metres: int) -> str:
    """`850` is `850 m`, `2340` is `2,3 km`."""
    if round(metres, -1) < 1000:
        return f"{round(metres, -1)}{money.NO_BREAK_SPACE}m"
    return f"{metres / 1000:.1f}".replace(".", ",") + f"{money.NO_BREAK_SPACE}km"


@register.filter
def phone(number: str) -> str:
    """`+33612345678` is shown `06 12 34 56 78`."""
    return phones.shown(number)


@register.filter
def day(moment: dt.datetime | dt.date) -> str:
    """`lundi 23 novembre`, `vendredi 1er mai`."""
    local = timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment
    return date_format(local, "l j F").replace(" 1 ", " 1er ", 1)


@register.filter
def seconds(moment: dt.datetime, after: int) -> int:
    """The moment, `after` seconds later, in seconds since 1970: what the pages' clocks count from."""
    return int(moment.timestamp()) + after


@register.filter
def uncapitalised(name: str) -> str:
    """`Champignons de Paris` inside a sentence: `champignons de Paris`."""
    return name[:1].lower() + name[1:]
