"""The delivery zone as its manager writes it: which kind, its communes or its line, its fees by distance."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from shared_apps.core.fields import EurosField
from shared_apps.places import offline
from shared_apps.places.geometry import Point, distance_m
from tenant_apps.shop import zones
from tenant_apps.shop.models import ShopSettings, ZoneKind

BANDS = 4
NEAR_M = 10_000
SHOWN = 60


def communes_around(shop: Point) -> list[str]:
    """« 59110 La Madeleine », the nearest first."""
    near = (
        (apart, f"{commune.postcodes[0]} {commune.name}")
        for commune in offline.communes_near(latitude=shop.latitude, longitude=shop.longitude)
        if (apart := distance_m(shop, commune)) <= NEAR_M
    )
    return [name for _apart, name in sorted(near)[:SHOWN]]


class ZoneForm(forms.Form):
    zone_kind = forms.ChoiceField(label=_("Where you deliver"), choices=ZoneKind.choices, widget=forms.RadioSelect)
    delivery_radius_m = forms.IntegerField(label=_("Radius (metres)"), min_value=0, max_value=30_000)
    communes = forms.MultipleChoiceField(label=_("Communes"), required=False, widget=forms.CheckboxSelectMultiple)
    others = forms.CharField(
        label=_("Other postcodes or communes"),
        required=False,
        max_length=1000,
        help_text=_("Separated by commas: 59800, 59650 Villeneuve-d’Ascq."),
    )
    polygon = forms.CharField(
        label=_("Corners of the line"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 6, "data-zone-corners": ""}),
        help_text=_("One a line: latitude, longitude. Click on the map to add one, or paste a GeoJSON polygon."),
    )
    delivery_fee_cents = EurosField(label=_("Delivery fee (€)"))
    delivery_minimum_cents = EurosField(label=_("Minimum for a delivery (€)"))

    def __init__(self, data: Any = None, *, shop: Point, settings: ShopSettings) -> None:
        around = communes_around(shop)
        kept = settings.zone_communes
        initial = {
            **{name: getattr(settings, name) for name in ("zone_kind", "delivery_radius_m", "delivery_fee_cents")},
            "delivery_minimum_cents": settings.delivery_minimum_cents,
            "communes": [commune for commune in kept if commune in around],
            "others": ", ".join(commune for commune in kept if commune not in around),
            "polygon": "\n".join(f"{latitude}, {longitude}" for latitude, longitude in settings.zone_polygon),
        }
        super().__init__(data, initial=initial)
        self.shop = shop
        self.fields["communes"].choices = [(commune, commune) for commune in around]  # type: ignore[attr-defined]
        for row in range(BANDS):
            self._add_band(row, settings.delivery_bands[row] if row < len(settings.delivery_bands) else None)

    def _add_band(self, row: int, band: "zones.Band | None") -> None:
        up_to_m, fee_cents, minimum_cents = band or (None, None, None)
        kilometres = forms.FloatField(min_value=0.1, max_value=30, required=False, localize=True, label=_("Up to (km)"))
        kilometres.initial = f"{up_to_m / 1000:g}".replace(".", ",") if up_to_m else None
        fee, minimum = (EurosField(required=False, label=label) for label in (_("Fee (€)"), _("Minimum (€)")))
        fee.initial, minimum.initial = fee_cents, minimum_cents
        self.fields |= {f"band_{row}_km": kilometres, f"band_{row}_fee": fee, f"band_{row}_minimum": minimum}

    @property
    def bands(self) -> list[list[forms.BoundField]]:
        return [[self[f"band_{row}_{name}"] for name in ("km", "fee", "minimum")] for row in range(BANDS)]

    def clean_others(self) -> list[str]:
        named = [part.strip() for part in self.cleaned_data["others"].replace("\n", ",").split(",") if part.strip()]
        return [self._known(text) for text in named]

    def _known(self, text: str) -> str:
        """A postcode or a commune that exists. Raises ValidationError."""
        try:
            place = offline.locate(text=text)
        except RuleError as refusal:
            raise forms.ValidationError(str(refusal)) from None
        if offline.POSTCODE.fullmatch(text):
            return place.postcode
        return f"{place.postcode} {place.city}"

    def clean_polygon(self) -> list[list[float]]:
        text = self.cleaned_data["polygon"].strip()
        if not text and self.cleaned_data.get("zone_kind") != ZoneKind.POLYGON:
            return []
        try:
            return zones.read_polygon(_lines_of(text) if text.startswith("{") else text, shop=self.shop)
        except RuleError as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("zone_kind") == ZoneKind.COMMUNES and not (data.get("communes") or data.get("others")):
            self.add_error("communes", _("Choose a commune at least."))
        for row in range(BANDS):
            given = [data.get(f"band_{row}_{name}") is not None for name in ("km", "fee", "minimum")]
            if any(given) and not all(given) and not self.errors:
                self.add_error(f"band_{row}_km", _("A row needs its distance, its fee and its minimum."))
        return data

    @property
    def values(self) -> dict[str, object]:
        """Fields of the settings."""
        data = self.cleaned_data
        bands = [
            [round(1000 * data[f"band_{row}_km"]), data[f"band_{row}_fee"], data[f"band_{row}_minimum"]]
            for row in range(BANDS)
            if data[f"band_{row}_km"]
        ]
        plain = ("zone_kind", "delivery_radius_m", "delivery_fee_cents", "delivery_minimum_cents")
        return {name: data[name] for name in plain} | {
            "zone_communes": [*data["communes"], *data["others"]],
            "zone_polygon": data["polygon"],
            "delivery_bands": sorted(bands),
        }


def _lines_of(text: str) -> str:
    """The outer line of a GeoJSON polygon, whose points are longitude first. Raises WrongZone."""
    try:
        found = json.loads(text)
        found = found["features"][0] if "features" in found else found
        found = found.get("geometry", found)
        return "\n".join(f"{latitude}, {longitude}" for longitude, latitude, *_height in found["coordinates"][0])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise zones.WrongZone(_("This is no GeoJSON polygon.")) from None
