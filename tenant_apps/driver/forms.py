from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import EurosField


class StartForm(forms.Form):
    float_cents = EurosField(label=_("Float (€)"), initial=3000)


class EndForm(forms.Form):
    counted_cents = EurosField(label=_("Cash counted (€)"))
    reason = forms.CharField(label=_("Why it differs"), max_length=200, required=False)
