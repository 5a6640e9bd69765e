from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.periods import DayField
from tenant_apps.till import means


class CloseForm(forms.Form):
    day = DayField()


class PracticeForm(forms.Form):
    """A sale that is none: pieces of a few products, how and by what means."""

    mode = forms.ChoiceField(label=_("How"), choices=[(mode, mode.label) for mode in ServiceMode])
    means = forms.ChoiceField(
        label=_("Means of payment"),
        choices=[(code, means.LABELS[code]) for code in ("cash", "card_terminal", "cheque")],
    )
    variant = forms.IntegerField(label=_("Product"), min_value=1)
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=20, initial=1)
