"""Finding the order being taken that an address names, and what its page said when it was sent."""

import uuid
from collections.abc import Mapping

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.accounts.access import StaffRequest
from shared_apps.baskets import services as baskets
from shared_apps.baskets.models import Basket
from shared_apps.core.errors import RuleError
from tenant_apps.counter.forms import TYPED
from tenant_apps.orders.filling import Filled


class DraftGone(RuleError):
    """Another tab or another till finished it, gave it up or handed it over."""

    def __init__(self) -> None:
        super().__init__(
            gettext_lazy(
                "This order is no longer being taken here: it was finished, given up or handed over elsewhere."
            )
        )


def draft_for(request: StaffRequest, token: uuid.UUID) -> Basket:
    """Raises 404 for what was never this shop's; DraftGone when an act comes after the end of the draft."""
    found = baskets.find_at_counter(token=token, pizzeria_id=request.pizzeria.id)
    if found:
        return found
    elsewhere = Basket.objects.filter(pk=token).first()
    ended = elsewhere is None or elsewhere.handed_by_id == request.pizzeria.id
    if request.method == "POST" and ended:
        raise DraftGone
    raise Http404


def typed(data: Mapping[str, str]) -> dict[str, str]:
    """What the fields say so far."""
    return {name: data.get(name, "").strip()[:200] for name in TYPED}


def seen(filled: Filled) -> str:
    """What a page shows of the lines: sent back with the order, so that a stale page is found out."""
    return ",".join(f"{line.line.pk}x{line.line.quantity}" for line in filled.lines) + f"|{filled.shown}"


def changes_since(filled: Filled, shown: str) -> list[str]:
    """In words, what differs now from what the page showed."""
    lines, _separator, made_of = shown.partition("|")
    before = dict(part.split("x", 1) for part in lines.split(",") if "x" in part)
    words = []
    for line in filled.lines:
        was = before.pop(str(line.line.pk), None)
        label = line.composition.label if line.composition else "?"
        if was is None:
            words.append(_("added: %(quantity)s × %(label)s") % {"quantity": line.line.quantity, "label": label})
        elif was != str(line.line.quantity):
            words.append(
                _("%(label)s: %(now)s instead of %(was)s") % {"label": label, "now": line.line.quantity, "was": was}
            )
    if before:
        words.append(_("%(count)s line(s) taken away") % {"count": len(before)})
    if not words and made_of != filled.shown:
        words.append(_("the ingredients or the allergens of a recipe"))
    return words
