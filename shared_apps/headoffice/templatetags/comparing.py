"""Changes and periods in words."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shared_apps.core.money import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE
from shared_apps.core.templatetags.formats import dated
from shared_apps.headoffice import charts
from shared_apps.sales.comparing import Pair
from shared_apps.sales.spans import Span

register = template.Library()
MINUS = "−"


@register.filter
def change(pair: Pair) -> str:
    """`+12,5 %`, `−3 %`, `0 %`; empty where there is nothing to divide by."""
    return "" if pair.permille is None else _percent(pair.permille, signed=True)


@register.filter
def trend(pair: Pair) -> str:
    """What the sign says, for whoever does not see it or its colour."""
    if pair.permille is None:
        return _("nothing before") if pair.now else _("nothing in either")
    return _("rising") if pair.permille > 0 else _("falling") if pair.permille < 0 else _("unchanged")


@register.filter
def tone(pair: Pair) -> str:
    """The class of a badge."""
    return "good" if (pair.permille or 0) > 0 else "bad" if (pair.permille or 0) < 0 else ""


@register.filter
def share_of(part: int, whole: int) -> str:
    """`62,5 %`; a dash of nothing."""
    return _percent(round(1000 * part / whole), signed=False) if whole > 0 else "—"


def _percent(permille: int, *, signed: bool) -> str:
    units, tenths = divmod(abs(permille), 10)
    sign = MINUS if permille < 0 else "+" if signed and permille > 0 else ""
    return f"{sign}{grouped(units)}{f',{tenths}' if tenths else ''}{NO_BREAK_SPACE}%"


@register.filter
def span(value: Span) -> str:
    """`du lundi 23 novembre 2026 au mercredi 25 novembre 2026, jusqu’à 13 h`."""
    days = {"first": dated(value.starts_on), "last": dated(value.ends_on)}
    text = days["first"] if value.days == 1 else _("from %(first)s to %(last)s") % days
    if value.is_whole:
        return text
    return _("%(days)s, until %(hour)s") % {"days": text, "hour": f"{value.until}{NO_BREAK_SPACE}h"}


@register.filter
def length_of(value: Span) -> str:
    return ngettext("%(count)s day", "%(count)s days", value.days) % {"count": value.days}


@register.filter
def nth_hour(nth: int) -> str:
    return charts.hour(nth)


@register.filter
def pieces(hundredths: int) -> str:
    """`1250` hundredths of a product are `12,5`."""
    units, rest = divmod(hundredths, 100)
    return f"{grouped(units)},{rest:02d}".rstrip("0") if rest else grouped(units)


@register.filter
def grouped(number: int) -> str:
    """`14367` is `14 367`."""
    return f"{number:,}".replace(",", NARROW_NO_BREAK_SPACE)


@register.filter
def whole_euros(cents: int) -> str:
    """`2000000` is `20 000 €`, for the scale of a chart."""
    return f"{grouped(round(cents / 100))}{NO_BREAK_SPACE}€"
