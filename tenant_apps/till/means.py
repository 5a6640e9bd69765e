"""The names of the means of payment, as receipts, closings and exports say them. The till knows no other app's list."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, str | Promise] = {
    "cash": _("Cash"),
    "card_terminal": _("Card"),
    "online_card": _("Card, online"),
    "cheque": _("Cheque"),
    "meal_voucher": _("Meal voucher"),
    "voucher_card": _("Meal voucher, card"),
    "voucher_paper": _("Meal voucher, paper"),
    "credit_note": _("Credit note"),
}


def label(code: str) -> str:
    """A means that has no name here keeps its code: nothing sealed is ever hidden."""
    return str(LABELS.get(code, code))
