"""From one business day to another: the form of every export."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = dt.timedelta(days=366)


class DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class PeriodForm(forms.Form):
    """Whole business days, both included; a year at most."""

    du = DayField(label=_("From"))
    au = DayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "du" in data and "au" in data and not dt.timedelta() <= data["au"] - data["du"] <= LONGEST:
            raise forms.ValidationError(_("The last day is the first one or later, within a year."))
        return data

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        return self.cleaned_data["du"], self.cleaned_data["au"]
