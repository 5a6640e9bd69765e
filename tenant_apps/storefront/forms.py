from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared_apps.catalogue.recipes import Card, Configuration, Offer


def configuration(data: Any, card: Card, offers: list[Offer]) -> Configuration:
    """What the customiser's fields ask for, `offers` being the sizes of the product. What it does not know is left out.

    The other half is named by its product, so that it follows a change of size.
    """
    chosen = next((offer for offer in offers if str(offer.variant_id) == data.get("variant")), offers[0])
    other = next(
        (
            offer
            for offer in card.offers.values()
            if offer.code == data.get("other_half") and offer.size_id == chosen.size_id and chosen.is_pizza
        ),
        None,
    )
    halves = [chosen, *([other] if other else [])]
    removable = {part.choice_id for half in halves for part in half.recipe if part.removable}
    addable = card.extras.get(chosen.size_id or 0, {}).keys() if chosen.is_pizza else set()
    removed = frozenset(_ids(data.getlist("removed"))) & removable
    return Configuration(
        variant_id=chosen.variant_id,
        other_half_id=other.variant_id if other else None,
        removed=removed,
        extras=frozenset(_ids(data.getlist("extras"))) & addable - removed,
    )


def _ids(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal()]


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(label=_("Quantity"), min_value=0, max_value=50)
