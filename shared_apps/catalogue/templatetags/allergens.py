from collections.abc import Iterable

from django import template

from shared_apps.catalogue.models import Allergen

register = template.Library()


@register.filter
def allergen_names(codes: Iterable[str]) -> str:
    """`gluten, lait`."""
    return ", ".join(str(Allergen(code).label) for code in codes)


@register.simple_tag
def allergen_name(code: str) -> str:
    """`Gluten`."""
    return str(Allergen(code).label).capitalize()


@register.filter
def among(codes: Iterable[str], mine: Iterable[str]) -> list[str]:
    """Those of a product that this customer is allergic to, in the order of the product."""
    wanted = set(mine or ())
    return [code for code in codes if code in wanted]
