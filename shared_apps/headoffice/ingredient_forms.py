"""The form of an ingredient, with what it costs as an extra in each size."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue.models import Allergen, Ingredient, Size
from shared_apps.catalogue.pictures import TOPPINGS
from shared_apps.catalogue.services.ingredients import Values
from shared_apps.core import quantities
from shared_apps.core.fields import EurosField

DECIMAL = {"inputmode": "decimal", "autocomplete": "off"}


class QuantityField(forms.CharField):
    """In the unit of the ingredient, as people write it."""

    widget = forms.TextInput(attrs=DECIMAL)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return quantities.read(text) if text else None
        except ValueError:
            raise forms.ValidationError(_("Write a quantity such as 1250 or 12,5.")) from None


class IngredientForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=Ingredient.Unit.choices,
        help_text=gettext_lazy("For ever: recipes and stocks are counted in it."),
    )
    is_dough = forms.BooleanField(label=gettext_lazy("It is a dough, in pieces"), required=False)
    allergens = forms.MultipleChoiceField(
        label=gettext_lazy("Allergens it contains"),
        choices=[(code, label) for code, label in Allergen.choices],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    allergens_declared = forms.BooleanField(
        label=gettext_lazy("Checked on the supplier’s data sheet: these and no other"), required=False
    )
    species = forms.ChoiceField(
        label=gettext_lazy("Meat whose origin is shown"),
        choices=[("", gettext_lazy("no meat")), *Ingredient.Species.choices],
        required=False,
    )
    origin = forms.CharField(
        label=gettext_lazy("Origin"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Every menu shows it for beef, pork, sheep and poultry."),
    )
    drawing = forms.ChoiceField(
        label=gettext_lazy("Drawing on the pizza"),
        choices=[
            ("", gettext_lazy("none")),
            *((name, name.replace("-", " ").capitalize()) for name in sorted(TOPPINGS)),
        ],
        required=False,
    )
    par_quantity = QuantityField(
        label=gettext_lazy("Full stock of a new pizzeria"),
        help_text=gettext_lazy("In the unit. Pizzerias that are open keep their own."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, ingredient: Ingredient | None) -> None:
        self.sizes = list(Size.objects.all())
        super().__init__(data, initial=_known(ingredient) if ingredient else {"unit": Ingredient.Unit.GRAM})
        if ingredient:
            del self.fields["unit"], self.fields["is_dough"]
        for size in self.sizes:
            self.fields[f"quantity_{size.pk}"] = QuantityField(
                label=_("Quantity, %(size)s") % {"size": size.name}, required=False
            )
            self.fields[f"price_{size.pk}"] = EurosField(
                label=_("Price, %(size)s (€)") % {"size": size.name},
                required=False,
                widget=forms.TextInput(attrs=DECIMAL),
            )

    @property
    def extras(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"quantity_{size.pk}"], self[f"price_{size.pk}"]) for size in self.sizes]

    def clean(self) -> None:
        for size in self.sizes:
            quantity, price = (self.cleaned_data.get(f"{name}_{size.pk}") for name in ("quantity", "price"))
            names = (f"quantity_{size.pk}", f"price_{size.pk}")
            if not self.errors.keys() & set(names) and bool(quantity) != (price is not None):
                self.add_error(names[bool(quantity)], _("An extra has a quantity and a price, or neither."))

    def values(self, ingredient: Ingredient | None) -> Values:
        sent = self.cleaned_data
        own = ("name", "allergens_declared", "species", "origin", "drawing", "par_quantity")
        extras = {
            size.pk: (sent[f"quantity_{size.pk}"], sent[f"price_{size.pk}"])
            for size in self.sizes
            if sent[f"quantity_{size.pk}"]
        }
        return Values(
            **{name: sent[name] for name in own},
            unit=ingredient.unit if ingredient else sent["unit"],
            is_dough=ingredient.is_dough if ingredient else sent["is_dough"],
            allergens=tuple(sent["allergens"]),
            extras=extras,
        )


def _known(ingredient: Ingredient) -> dict[str, Any]:
    names = ("name", "allergens", "allergens_declared", "species", "origin", "drawing")
    known = {name: getattr(ingredient, name) for name in names}
    known["par_quantity"] = quantities.written(ingredient.par_quantity)
    for offer in ingredient.extras.all():
        known |= {
            f"quantity_{offer.size_id}": quantities.written(offer.quantity),
            f"price_{offer.size_id}": offer.price_cents,
        }
    return known
