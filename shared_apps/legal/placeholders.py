"""What the law wants on the legal pages and the system knows: computed, and put where the text names it, `{siret}`."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shared_apps.legal.models import Page
from shared_apps.privacy.periods import BASKET_DAYS, GEOCODE_DAYS, NOTICE_DAYS, in_words, periods

DAY = 60 * 60 * 24


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    meaning: Promise
    value: Callable[[], str]
    required_in: tuple[Page, ...] = ()


def _controller() -> str:
    name, siret = settings.GROUP_LEGAL_NAME, settings.GROUP_SIRET
    if name and siret:
        return f"{name} (SIRET {siret})"
    return name or gettext("The OC Pizza group")


def _mediator() -> str:
    return settings.GROUP_MEDIATOR or gettext("the one whose address the pizzeria gives you")


SELLER, KEPT = (Page.TERMS, Page.LEGAL_NOTICE), (Page.PRIVACY,)
ALL = (
    Placeholder("raison-sociale", _("Legal name of the group"), lambda: settings.GROUP_LEGAL_NAME, SELLER),
    Placeholder("siret", _("Its SIRET number"), lambda: settings.GROUP_SIRET, SELLER),
    Placeholder("tva", _("Its VAT number"), lambda: settings.GROUP_VAT_NUMBER, SELLER),
    Placeholder(
        "e-mail",
        _("The address that customers write to"),
        lambda: parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        (Page.LEGAL_NOTICE, Page.PRIVACY),
    ),
    Placeholder(
        "mention-des-prix",
        _("What prices include"),
        lambda: gettext("Prices are in euros, all taxes included."),
        (Page.TERMS,),
    ),
    Placeholder(
        "bouton-de-commande",
        _("The words of the button that orders"),
        lambda: gettext("Order with an obligation to pay"),
        (Page.TERMS,),
    ),
    Placeholder("mediateur", _("The consumer mediator, with the address and the site"), _mediator, (Page.TERMS,)),
    Placeholder("responsable", _("Who is responsible for personal data"), _controller, KEPT),
    Placeholder("duree-allergie", _("Kept: the allergy note of an order"), lambda: periods().words["allergy"], KEPT),
    Placeholder(
        "duree-livraison", _("Kept: the address and note of a delivery"), lambda: periods().words["delivery"], KEPT
    ),
    Placeholder(
        "duree-contact", _("Kept: name, phone and e-mail of an order"), lambda: periods().words["contact"], KEPT
    ),
    Placeholder("duree-compte", _("Kept: an account that is not used"), lambda: periods().words["account"], KEPT),
    Placeholder("preavis-compte", _("Between the letter and its erasure"), lambda: in_words(NOTICE_DAYS), KEPT),
    Placeholder("duree-session", _("Kept: sessions"), lambda: in_words(settings.SESSION_COOKIE_AGE // DAY), KEPT),
    Placeholder("duree-panier", _("Kept: a basket"), lambda: in_words(BASKET_DAYS), KEPT),
    Placeholder("duree-recherche", _("Kept: an address looked for"), lambda: in_words(GEOCODE_DAYS), KEPT),
    Placeholder("duree-blocage", _("Kept at most: a blocked number"), lambda: periods().words["blocked"], KEPT),
    Placeholder("duree-copie", _("Kept: the copy of one’s data"), lambda: periods().words["export"], KEPT),
    Placeholder("duree-sauvegardes", _("Kept: backups"), lambda: in_words(settings.BACKUP_DAYS), KEPT),
)


def values() -> dict[str, str]:
    """Of now."""
    return {one.name: one.value() for one in ALL}


def required(page: str) -> list[str]:
    return [one.name for one in ALL if page in one.required_in]
