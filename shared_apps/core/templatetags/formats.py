import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shared_apps.core import money, phones

register = template.Library()
UNITS = {"g": ("g", "kg"), "ml": ("ml", "l")}


@register.filter
def euros(cents: int) -> str:
    return money.euros(cents)


@register.filter
def percent(basis_points: int) -> str:
    """`550` is `5,5 %`, `1000` is `10 %`."""
    return f"{_decimal(Decimal(basis_points) / 100)}{money.NO_BREAK_SPACE}%"


@register.filter
def hour(at: dt.time) -> str:
    """`19:05` becomes `19 h 05`."""
    return f"{at.hour}{money.NO_BREAK_SPACE}h{money.NO_BREAK_SPACE}{at.minute:02d}"


@register.filter
def clock(moment: dt.datetime) -> str:
    """`19:05` in Paris becomes `19 h 05`; the hour that comes twice one night of October says which it is."""
    local = timezone.localtime(moment)
    text = hour(local.time())
    if local.utcoffset() == local.replace(fold=not local.fold).utcoffset():
        return text
    season = _("winter time") if local.fold else _("summer time")
    return f"{text} ({season})"


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
def plain(value: Decimal) -> str:
    """`2.50` is `2,5`."""
    return _decimal(value)


@register.filter
def rounded(value: Decimal) -> Decimal:
    """To the unit, for what is only an estimate."""
    return value.to_integral_value(ROUND_HALF_UP)


@register.filter
def weekdays(days: Sequence[int]) -> str:
    """`[0, 1]` is `lun., mar.`; every day is said so."""
    if len(days) == len(WEEKDAYS_ABBR):
        return _("every day")
    return ", ".join(str(WEEKDAYS_ABBR[day]).lower() for day in days) or "—"


@register.filter
def cost(cents: Decimal | int, unit: str) -> str:
    """Cents per kilogram, litre or piece: `890` for grams is `8,90 € le kg`."""
    per = {"g": _("per kg"), "ml": _("per litre")}.get(unit, _("each"))
    rounded = int(Decimal(cents).to_integral_value(ROUND_HALF_UP))
    return f"{money.euros(rounded)} {per}"


@register.filter
def share(part: Decimal) -> str:
    """`0.173` is `17 %`."""
    return f"{int((part * 100).to_integral_value(ROUND_HALF_UP))}{money.NO_BREAK_SPACE}%"


@register.filter
def distance(metres: int) -> str:
    """`850` is `850 m`, `2340` is `2,3 km`."""
    if round(metres, -1) < 1000:
        return f"{round(metres, -1)}{money.NO_BREAK_SPACE}m"
    return f"{metres / 1000:.1f}".replace(".", ",") + f"{money.NO_BREAK_SPACE}km"


@register.filter
def duration(minutes: int) -> str:
    """`25` is `25 min`, `85` is `1 h 25`."""
    if minutes < 60:
        return f"{minutes}{money.NO_BREAK_SPACE}min"
    return f"{minutes // 60}{money.NO_BREAK_SPACE}h{money.NO_BREAK_SPACE}{minutes % 60:02d}"


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
def near_day(moment: dt.datetime) -> str:
    """`aujourd’hui`, `demain`, then `vendredi 27 novembre`."""
    ahead = (timezone.localdate(moment) - timezone.localdate()).days
    near = {0: _("today"), 1: _("tomorrow")}
    return near.get(ahead) or day(moment)


@register.filter
def upcoming(moment: dt.datetime) -> str:
    """`8 h 45` today, `vendredi 27 novembre, 19 h 05` another day."""
    if timezone.localdate(moment) == timezone.localdate():
        return clock(moment)
    return f"{day(moment)}, {clock(moment)}"


@register.filter
def dated(moment: dt.datetime | dt.date) -> str:
    """`lundi 23 novembre 2026`."""
    local = timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment
    return f"{day(local)} {local.year}"


@register.filter
def seconds(moment: dt.datetime, after: int) -> int:
    """The moment, `after` seconds later, in seconds since 1970: what the pages' clocks count from."""
    return int(moment.timestamp()) + after


@register.filter
def uncapitalised(name: str) -> str:
    """`Champignons de Paris` inside a sentence: `champignons de Paris`."""
    return name[:1].lower() + name[1:]
