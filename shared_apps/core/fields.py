"""Fields of forms that everybody uses."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms


class EurosField(forms.DecimalField):
    """Cents in the program, euros on the screen."""

    def __init__(self, max_euros: int = 999, **options: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=Decimal(max_euros), decimal_places=2, localize=True, **options)

    def prepare_value(self, value: Any) -> Any:
        return f"{value / 100:.2f}".replace(".", ",") if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        euros = super().clean(value)
        return None if euros is None else int((euros * 100).to_integral_value(ROUND_HALF_UP))
