from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.accounts import services
from shared_apps.accounts.models import Membership, Role, User
from shared_apps.core.reporting import reported
from tenants.models import Pizzeria


@reported
def invite(user_pk: int, pizzeria_pk: int) -> None:
    """Tells somebody what they are in a shop now, with the address to choose a password when they have none."""
    user, pizzeria = User.objects.get(pk=user_pk), Pizzeria.objects.get(pk=pizzeria_pk)
    held = Membership.objects.filter(user=user, pizzeria=pizzeria).order_by("pk").values_list("role", flat=True)
    if not held:
        return  # taken out meanwhile
    uid, token = services.invitation_key(user)
    path = reverse("accounts:choose_password", urlconf=settings.ROOT_URLCONF, args=(uid, token))
    context = {
        "pizzeria": pizzeria,
        "user": user,
        "roles": ", ".join(str(Role(role).label).lower() for role in held),
        "url": pizzeria.url + path,
        "has_password": user.has_usable_password(),
    }
    subject = _("%(pizzeria)s: your access") % {"pizzeria": pizzeria.name}
    send_mail(subject, render_to_string("accounts/invitation.txt", context), None, [user.email])
