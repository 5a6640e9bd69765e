"""Giving a receipt: the first time it is the receipt, every time after a DUPLICATA, counted and sealed."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError
from tenant_apps.till import letters, queries
from tenant_apps.till.models import Chain, Entry, Invoice
from tenant_apps.till.receipts import Receipt
from tenant_apps.till.services import journal
from tenant_apps.till.services.journal import Draft
from tenants.hosts import Shop


class NotSoldYet(RuleError):
    """There is no receipt before the whole is paid: a bill before is provisional."""

    def __init__(self) -> None:
        super().__init__(_("There is no receipt yet: the order is not paid in full."))


class InvoicedAlready(RuleError):
    """A receipt is invoiced once."""

    def __init__(self, number: int) -> None:
        super().__init__(_("This sale is invoiced already, by invoice no. %(number)s.") % {"number": number})


@transaction.atomic
def issue(
    *,
    shop: Shop,
    order_number: int,
    medium: str,
    operator: str,
    now: dt.datetime,
    chain: Chain = Chain.TILL,
) -> Receipt:
    """`medium` is paper or e-mail. The receipt says how often it was given, this time included. Raises NotSoldYet."""
    held = journal.lock(chain=chain, now=now)
    receipt = queries.receipt(order_number=order_number, chain=chain)
    if receipt is None:
        raise NotSoldYet
    kind = Entry.Kind.DUPLICATA if receipt.issued else Entry.Kind.ISSUE
    content = {"medium": medium, "operator": operator, "copy": receipt.issued}
    held.add(Draft(kind, content, order_number, receipt.number), now=now)
    journal.write(shop=shop, held=held)
    issued = queries.receipt(order_number=order_number, chain=chain)
    return issued or receipt


class WrongAddress(RuleError):
    """Not an e-mail address."""

    def __init__(self) -> None:
        super().__init__(_("Enter an e-mail address, such as name@example.com."))


def send(*, shop: Shop, order_number: int, address: str, operator: str, now: dt.datetime) -> Receipt:
    """By e-mail, once it is sealed that it was given. Raises WrongAddress, NotSoldYet, NotSent."""
    try:
        validate_email(address)
    except ValidationError:
        raise WrongAddress from None
    receipt = issue(shop=shop, order_number=order_number, medium="email", operator=operator, now=now)
    letters.send(receipt=receipt, address=address)
    return receipt


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom an invoice is made out to."""

    name: str
    address: str
    siren: str = ""
    vat_number: str = ""


@transaction.atomic
def make_invoice(*, shop: Shop, order_number: int, buyer: Buyer, operator: str, now: dt.datetime) -> Invoice:
    """On request, from a sealed sale; its numbers have no gap. Who it is made out to stays out of the journal.

    Raises NotSoldYet, InvoicedAlready.
    """
    held = journal.lock(chain=Chain.TILL, now=now)
    receipt = queries.receipt(order_number=order_number)
    if receipt is None or receipt.number is None:
        raise NotSoldYet
    already = Invoice.objects.filter(receipt_number=receipt.number).first()
    if already:
        raise InvoicedAlready(already.number)
    held.head.invoice_number += 1
    number = held.head.invoice_number
    detail = {"invoice": number, "total_cents": receipt.total_cents}
    draft = journal.technical("invoice_made", detail, operator)
    held.add(Draft(draft.kind, draft.content, order_number, receipt.number), now=now)
    journal.write(shop=shop, held=held)
    return Invoice.objects.create(
        number=number,
        receipt_number=receipt.number,
        order_number=order_number,
        made_at=now,
        buyer_name=buyer.name,
        buyer_address=buyer.address,
        buyer_siren=buyer.siren,
        buyer_vat_number=buyer.vat_number,
    )
