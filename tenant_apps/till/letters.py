"""A receipt by e-mail, to an address given for it and used for nothing else: it is written nowhere."""

from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import RuleError
from tenant_apps.till import pdf
from tenant_apps.till.receipts import Receipt


class NotSent(RuleError):
    """The mail server did not take it."""

    def __init__(self) -> None:
        super().__init__(gettext_lazy("The e-mail could not be sent: check the address, or print the receipt."))


def send(*, receipt: Receipt, address: str) -> None:
    """Raises NotSent."""
    subject = _("Your receipt no. %(number)s, %(shop)s") % {"number": receipt.number, "shop": receipt.seller["name"]}
    letter = EmailMessage(subject, render_to_string("till/receipt.txt", {"receipt": receipt}), None, [address])
    letter.attach(f"ticket-{receipt.number}.pdf", pdf.receipt(receipt), "application/pdf")
    try:
        letter.send()
    except (SMTPException, OSError) as error:
        raise NotSent from error
