from django import template

from tenant_apps.till import means as names

register = template.Library()


@register.filter
def means(code: str) -> str:
    """`cash` is shown `Espèces`."""
    return names.label(code)
