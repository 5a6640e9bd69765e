"""Where a pizzeria may answer: `slug`, before the group's domain."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenants.models import SLUG, Domain, Pizzeria

# fmt: off
RESERVED = frozenset({
    "www", "admin", "api", "app", "live", "static", "media", "mail", "smtp", "imap", "ftp", "ns",
    "siege", "compte", "statut", "status", "test", "demo", "pay", "paiement",
})
# fmt: on


class WrongAddress(RuleError):
    """Not a host's name, or one that the group keeps for itself."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            _("« %(slug)s » cannot be an address: letters, digits and hyphens, 30 at most, and not a reserved name.")
            % {"slug": slug}
        )


class AddressTaken(RuleError):
    """Another pizzeria has, or had, this address: it answers there still."""

    def __init__(self) -> None:
        super().__init__(_("Another pizzeria has, or had, this address."))


def is_host_name(slug: str) -> bool:
    try:
        SLUG(slug)
    except ValidationError:
        return False
    return True


def check_free(*, slug: str, pizzeria: Pizzeria | None) -> None:
    """For `pizzeria`, or one that is not there yet. Raises WrongAddress, AddressTaken."""
    if not is_host_name(slug) or slug in RESERVED:
        raise WrongAddress(slug)
    domains, others = Domain.objects.filter(domain=f"{slug}.{settings.BASE_DOMAIN}"), Pizzeria.objects.filter(slug=slug)
    if pizzeria:
        domains, others = domains.exclude(tenant=pizzeria), others.exclude(pk=pizzeria.pk)
    if domains.exists() or others.exists():
        raise AddressTaken
