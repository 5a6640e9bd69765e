"""What is kept beside the journal, for exports and invoices: nothing but what the journal sealed, and all of it.

Each function names the entry that is not kept as it was sealed, and says how.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from shared_apps.sales.models import TillClosing
from tenant_apps.till.models import Chain, Closing, Entry, Invoice

Wrong = tuple[int, str]


def wrong_closing(sealed: Mapping[int, Entry], *, up_to: int) -> Wrong | None:
    """`sealed` are the closings of the journal by number, read as far as `up_to`."""
    kept = {row.entry_number: row for row in Closing.objects.filter(entry_number__lte=up_to)}
    for number, entry in sealed.items():
        row = kept.pop(number, None)
        if row is None:
            return number, _("the row of this closing is gone")
        if not _is_the_same(row, entry.content):
            return number, _("its figures kept for the exports are not those of this closing")
    return (min(kept), _("no closing is sealed there")) if kept else None


def wrong_closing_of_the_group(sealed: Mapping[int, Entry], *, pizzeria_id: int) -> Wrong | None:
    """The same of the group's copies, one for one; those that came meanwhile are left for the next time."""
    found = TillClosing.objects.filter(pizzeria_id=pizzeria_id).order_by("starts_on")
    kept = {row.signature: row for row in found}
    for number, entry in sealed.items():
        row = kept.pop(entry.signature, None)
        if row is None:
            return number, _("the group does not have this closing")
        if not _is_the_same(row, entry.content):
            return number, _("the group's figures are not those of this closing")
    days = [entry.content["starts_on"] for entry in sealed.values() if entry.content["period"] == Closing.Period.DAY]
    unknown = next(iter(kept.values()), None)
    if unknown and days and unknown.ends_on.isoformat() <= max(days):
        return max(sealed), _("the group has another closing of %(day)s") % {"day": unknown.ends_on}
    return None


def _is_the_same(row: Closing | TillClosing, content: Mapping[str, Any]) -> bool:
    bounds = (row.starts_on.isoformat(), row.ends_on.isoformat())
    names = ("period", "closing", "starts_on", "ends_on")
    return (row.period, row.number, *bounds) == tuple(content[name] for name in names) and row.figures == content


def wrong_invoice(sealed: Mapping[int, Entry], *, up_to: int) -> Wrong | None:
    """`sealed` are the entries that say an invoice was made, by its number, read as far as `up_to`."""
    kept = {row.number: row for row in Invoice.objects.all()}
    for number, entry in sealed.items():
        row = kept.pop(number, None)
        about = (entry.receipt_number, entry.order_number, entry.at)
        if row is None or (row.receipt_number, row.order_number, row.made_at) != about:
            words = _("invoice no. %(number)s is gone, or is no longer that of this receipt")
            return entry.number, words % {"number": number}
    later = Entry.objects.filter(chain=Chain.TILL, number__gt=up_to, content__event="invoice_made")
    unknown = sorted(kept.keys() - set(later.values_list("content__detail__invoice", flat=True)))
    return (up_to, _("invoice no. %(number)s is not in the journal") % {"number": unknown[0]}) if unknown else None
