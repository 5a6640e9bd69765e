"""Suppliers, what they sell, what they are to bring and what they brought."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.catalogue.models import Ingredient
from shared_apps.core import phones, quantities
from shared_apps.core.calendar import PARIS
from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import Reception, ReceptionLine, Supplier
from tenant_apps.stock.services.receptions import Taken
from tenant_apps.stock.services.suppliers import Sold, Terms


class SupplierForm(forms.Form):
    """How a supplier is reached and when it comes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=24, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    makes_it_here = forms.BooleanField(label=gettext_lazy("We make it here ourselves (the dough)"), required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Usual days"),
        choices=WEEKDAYS.items(),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    delivers_by = forms.TimeField(
        label=gettext_lazy("There at the latest at"),
        help_text=gettext_lazy("Orders that the kitchen begins after this time count on it."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    lead_days = forms.IntegerField(
        label=gettext_lazy("Days between the order and the delivery"),
        min_value=0,
        max_value=30,
        help_text=gettext_lazy("0 when it comes on the very day it is asked."),
    )
    is_active = forms.BooleanField(label=gettext_lazy("We still buy from it"), required=False, initial=True)

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"]
        try:
            return phones.parse(text) if text else ""
        except RuleError as refusal:
            raise forms.ValidationError(str(refusal)) from None

    @property
    def terms(self) -> Terms:
        return Terms(**self.cleaned_data | {"weekdays": tuple(self.cleaned_data["weekdays"])})

    @staticmethod
    def of(supplier: Supplier) -> dict[str, Any]:
        """What is known of it, for the fields."""
        return {
            "name": supplier.name,
            "phone": phones.shown(supplier.phone) if supplier.phone else "",
            "email": supplier.email,
            "makes_it_here": supplier.makes_it_here,
            "weekdays": supplier.weekdays,
            "delivers_by": supplier.delivers_by,
            "lead_days": supplier.lead_days,
            "is_active": supplier.is_active,
        }


@dataclass(slots=True)
class ItemRow:
    """An ingredient in the table of what a supplier sells; one without a pack is not sold by it."""

    ingredient: Ingredient
    pack: str
    packs: str
    seller: str = ""  # another supplier that sells it now
    error: str = ""


@dataclass(slots=True)
class Items:
    rows: list[ItemRow]
    sold: dict[int, Sold] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return any(row.error for row in self.rows)

    @classmethod
    def of(cls, supplier: Supplier | None, sellers: Mapping[int, Any], data: Mapping[str, str] | None) -> "Items":
        """Every ingredient of the group, what this supplier sells first; read from `data` when it was sent."""
        rows = []
        for ingredient in Ingredient.objects.all():
            item = sellers.get(ingredient.pk)
            own = item is not None and supplier is not None and item.supplier_id == supplier.pk
            row = ItemRow(
                ingredient,
                pack=quantities.written(item.pack) if item and own else "",
                packs=str(item.usual_packs) if item and own else "",
                seller=str(item.supplier) if item and not own else "",
            )
            if data is not None:
                row.pack = data.get(f"pack-{ingredient.pk}", "").strip()
                row.packs = data.get(f"packs-{ingredient.pk}", "").strip()
            rows.append(row)
        found = cls(sorted(rows, key=lambda row: not row.pack))
        for row in found.rows:
            if row.pack or row.packs:
                found._read(row)
        return found

    def _read(self, row: ItemRow) -> None:
        try:
            pack, packs = quantities.read(row.pack), int(row.packs or "0")
        except ValueError:
            row.error = _("Write a quantity such as 1250 or 12,5, and a whole number of packs.")
            return
        if pack <= 0 or not 0 <= packs <= 1000:
            row.error = _("A pack holds something, and there are 0 to 1000 of them.")
            return
        self.sold[row.ingredient.pk] = Sold(pack, packs)


class MomentForm(forms.Form):
    """When a delivery is there at the latest."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        label=gettext_lazy("At the latest at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    @property
    def moment(self) -> dt.datetime:
        return dt.datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"], PARIS).astimezone(dt.UTC)

    @staticmethod
    def of(moment: dt.datetime) -> dict[str, Any]:
        local = timezone.localtime(moment, PARIS)
        return {"day": local.date(), "time": local.time()}


@dataclass(slots=True)
class ExpectedRow:
    """An ingredient in the table of what is expected, in packs."""

    ingredient: Ingredient
    pack: Decimal
    packs: str
    error: str = ""


@dataclass(slots=True)
class Expected:
    rows: list[ExpectedRow]
    quantities: dict[int, Decimal] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return any(row.error for row in self.rows)

    @classmethod
    def of(cls, supplier: Supplier, reception: Reception | None, data: Mapping[str, str] | None) -> "Expected":
        """What the supplier sells and what the reception names; read from `data` when it was sent."""
        packs = {item.ingredient: item.pack for item in supplier.items.select_related("ingredient")}
        known = (
            {line.ingredient: line.expected for line in reception.lines.select_related("ingredient")}
            if reception
            else {}
        )
        rows = [
            ExpectedRow(ingredient, pack, quantities.written(known[ingredient] / pack) if known.get(ingredient) else "")
            for ingredient, pack in {**dict.fromkeys(known, Decimal(1)), **packs}.items()
        ]
        rows.sort(key=lambda row: row.ingredient.name)
        if data is not None:
            for row in rows:
                row.packs = data.get(f"packs-{row.ingredient.pk}", "").strip()
        found = cls(rows)
        for row in rows:
            if row.packs:
                found._read(row)
        return found

    def _read(self, row: ExpectedRow) -> None:
        try:
            quantity = (quantities.read(row.packs) * row.pack).quantize(Decimal("0.01"))
        except ValueError:
            row.error = _("Write a number of packs such as 3 or 2,5.")
            return
        if quantity:
            self.quantities[row.ingredient.pk] = quantity


@dataclass(slots=True)
class ReceivedRow:
    """An ingredient of a reception as it came."""

    line: ReceptionLine
    received: str
    fault: str = ""
    lot: str = ""
    use_by: str = ""
    price: str = ""
    error: str = ""

    @classmethod
    def of(cls, line: ReceptionLine, data: Mapping[str, str] | None) -> "ReceivedRow":
        row = cls(line, quantities.written(line.expected) if line.expected else "")
        if data is not None:
            for name in ("received", "fault", "lot", "use_by", "price"):
                setattr(row, name, data.get(f"{name}-{line.ingredient_id}", "").strip())
        return row


@dataclass(slots=True)
class Received:
    rows: list[ReceivedRow]
    others: list[ReceivedRow]  # every other ingredient: something else may come with it
    taken: dict[int, Taken] = field(default_factory=dict)
    faults = ReceptionLine.Fault.choices

    @property
    def wrong(self) -> bool:
        return any(row.error for row in (*self.rows, *self.others))

    @property
    def has_others(self) -> bool:
        return any(row.received or row.error for row in self.others)

    @classmethod
    def of(cls, reception: Reception, data: Mapping[str, str] | None) -> "Received":
        """All as expected until somebody says otherwise."""
        return cls._of(list(reception.lines.select_related("ingredient")), data)

    @classmethod
    def unexpected(cls, supplier: Supplier, data: Mapping[str, str] | None) -> "Received":
        """Nothing of what the supplier sells until somebody says what came."""
        sold = supplier.items.select_related("ingredient").order_by("ingredient__name")
        return cls._of([ReceptionLine(ingredient=item.ingredient) for item in sold], data)

    @classmethod
    def _of(cls, lines: list[ReceptionLine], data: Mapping[str, str] | None) -> "Received":
        others = Ingredient.objects.exclude(pk__in=[line.ingredient_id for line in lines])
        found = cls(
            [ReceivedRow.of(line, data) for line in lines],
            [ReceivedRow.of(ReceptionLine(ingredient=ingredient), data) for ingredient in others],
        )
        for row in (*found.rows, *found.others):
            if row.line.expected or row.received:
                found._read(row)
        return found

    def _read(self, row: ReceivedRow) -> None:
        try:
            quantity, cents = (
                quantities.read(row.received or "0", row.line.ingredient.unit),
                quantities.read_cents(row.price),
            )
        except ValueError:
            row.error = _("Write a quantity such as 1250 or 12,5, and a price such as 8,90.")
            return
        try:
            use_by = dt.date.fromisoformat(row.use_by) if row.use_by else None
        except ValueError:
            row.error = _("Write a date such as 31/12/2026.")
            return
        if quantity < row.line.expected and row.fault not in ReceptionLine.Fault.values:
            row.error = _("Say why less came.")
            return
        self.taken[row.line.ingredient_id] = Taken(quantity, row.fault, row.lot, use_by, cents)
