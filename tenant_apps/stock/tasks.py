"""What the worker does for the stock. Delivered at least once, so it finds its own work already done."""

from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.accounts.models import Membership, Role
from tenant_apps.stock import queries
from tenant_apps.stock.models import Reception
from tenant_apps.stock.services import opening
from tenant_apps.stock.services.movements import Where
from tenants.models import Pizzeria
from tenants.tasks import in_shop


@in_shop
def write_to_supplier(pizzeria: Pizzeria, reception_id: int) -> None:
    """The order of a delivery to its supplier, once; answers go to the managers. The row is locked while it is sent."""
    managers = Membership.objects.filter(pizzeria=pizzeria, role=Role.MANAGER, user__is_active=True)
    answers = sorted(managers.values_list("user__email", flat=True))
    with transaction.atomic():
        reception = Reception.objects.select_for_update().get(pk=reception_id)
        if reception.written_at or reception.state != Reception.State.EXPECTED:
            return
        context = {"pizzeria": pizzeria, "reception": reception, "lines": queries.packed(reception)}
        subject = _("Order no. %(number)s of %(pizzeria)s") % {"number": reception.pk, "pizzeria": pizzeria.name}
        letter = render_to_string("office/order_sheet.txt", context)
        EmailMessage(subject, letter, None, [reception.supplier.email], reply_to=answers).send()
        reception.written_at = timezone.now()
        reception.save(update_fields=["written_at"])


@in_shop
def stock_new_ingredients(pizzeria: Pizzeria) -> None:
    """A level of each ingredient that head office has made since the shop opened; there is none of it yet."""
    opening.add_levels(where=Where(pizzeria.pk, pizzeria.schema_name), now=timezone.now())
