from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.accounts import services
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.core.addresses import group_url
from shared_apps.core.reporting import reported
from tenants.models import Pizzeria


@reported
def invite(user_pk: int, pizzeria_pk: int | None) -> None:
    """Tells somebody what they are in a shop (in the group) now, with the address to choose a password when they have none."""
    user = User.objects.get(pk=user_pk)
    pizzeria = Pizzeria.objects.get(pk=pizzeria_pk) if pizzeria_pk else None
    held = Membership.objects.filter(user=user, pizzeria=pizzeria).order_by("pk").values_list("role", flat=True)
    if not held:
        return  # taken out meanwhile
    name, site = (pizzeria.name, pizzeria.url) if pizzeria else ("OC Pizza", group_url(""))
    context = {
        "name": name,
        "site": site,
        "roles": ", ".join(str(Role(role).label).lower() for role in held),
        "url": site + reverse("accounts:choose_password", args=services.invitation_key(user)),
        "has_password": user.has_usable_password(),
    }
    subject = _("%(pizzeria)s: your access") % {"pizzeria": name}
    send_mail(subject, render_to_string("accounts/invitation.txt", context), None, [user.email])


@reported
def tell_second_factor_removed(user_pk: int) -> None:
    """To the owner of the account, whoever asked for it."""
    user = User.objects.get(pk=user_pk)
    context = {"url": group_url(reverse(settings.LOGIN_URL, urlconf=settings.PUBLIC_SCHEMA_URLCONF))}
    letter = render_to_string("accounts/second_factor_removed.txt", context)
    send_mail(_("The codes of your phone are no longer asked"), letter, None, [user.email])
