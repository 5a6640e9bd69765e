import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.core.periods import PeriodForm


class FreePeriodForm(PeriodForm):
    """Days to compare: none of them is still to come."""

    def __init__(self, *args: Any, today: dt.date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        for name in ("du", "au"):
            self.fields[name].widget.attrs["max"] = today.isoformat()

    def clean_au(self) -> dt.date:
        last: dt.date = self.cleaned_data["au"]
        if last > self.today:
            raise forms.ValidationError(_("The last day is today or earlier: nothing is sold yet after it."))
        return last
