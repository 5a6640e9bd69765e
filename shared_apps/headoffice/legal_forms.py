"""The form of a legal page, and the names that its text may use, each with its value."""

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.core.periods import DayField
from shared_apps.legal import placeholders
from shared_apps.legal.models import Version

LONGEST = 60_000


class LegalPageForm(forms.Form):
    source = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 24, "autocapitalize": "sentences"}),
        help_text=_(
            "Names in braces stand for what the system knows: they are listed below, with the way to write the rest."
        ),
    )
    applies_on = DayField(
        label=_("Applies from"), required=False, help_text=_("Empty: at once. Else from the first hour of that day.")
    )
    seen = forms.IntegerField(
        min_value=1, max_value=10**6, widget=forms.HiddenInput()
    )  # the version that the text was written from

    was_overtaken = False  # somebody published since: told once, then it may be put in place of theirs

    @property
    def written_from(self) -> int:
        """The number of a version; whatever is sent that is none was written from nothing."""
        sent = str(self["seen"].value())
        return int(sent) if sent.isdecimal() else 0

    def clean_source(self) -> str:
        return "\n".join(line.rstrip() for line in self.cleaned_data["source"].splitlines()).strip()

    def clean_applies_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["applies_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("This day is past: choose one to come, or none."))
        return day


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    meaning: Promise
    value: str
    was: str  # when the last version was published, if it differs

    @property
    def braced(self) -> str:
        return f"{{{self.name}}}"


def named(version: Version, *, required: bool) -> list[Named]:
    """What the text of this page must name, or what it may name too."""
    return [_named(one, version) for one in placeholders.ALL if (version.page in one.required_in) == required]


def _named(one: placeholders.Placeholder, version: Version) -> Named:
    value = one.value()
    was = version.values.get(one.name, value)
    return Named(one.name, one.meaning, value, was if was != value else "")
