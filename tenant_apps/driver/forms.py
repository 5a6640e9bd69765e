import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import EurosField
from tenant_apps.delivery.models import Act
from tenant_apps.delivery.services.performing import Tap
from tenant_apps.orders.forms import HandOverForm
from tenant_apps.orders.models import FailureReason


class StartForm(forms.Form):
    float_cents = EurosField(label=_("Float (€)"), initial=3000)


class EndForm(forms.Form):
    counted_cents = EurosField(label=_("Cash counted (€)"))
    reason = forms.CharField(label=_("Why it differs"), max_length=200, required=False)


class PositionForm(forms.Form):
    """What the phone's geolocation says, in degrees."""

    latitude = forms.FloatField(min_value=-90, max_value=90, localize=False)
    longitude = forms.FloatField(min_value=-180, max_value=180, localize=False)


class ActForm(HandOverForm):
    """An act of a driver; `made_at` is said by a phone that kept it for later."""

    submission = forms.UUIDField()
    made_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"])
    reason = forms.ChoiceField(choices=[("", ""), *FailureReason.choices], required=False)
    words = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, kind: Act.Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["reason"].required = kind == Act.Kind.FAILED

    def tap(self, *, round_id: int, stop_id: int) -> Tap:
        data = self.cleaned_data
        submission: uuid.UUID = data["submission"]
        return Tap(
            kind=self.kind,
            submission=submission,
            round_id=round_id,
            stop_id=stop_id,
            made_at=data["made_at"],
            tender=self.tender,
            reason=FailureReason(data["reason"]) if data["reason"] else None,
            words=data["words"],
            age=self.age,
        )
