"""Money of an order at the counter: taken, paid back, and credit notes."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.counter.forms import DiscountForm, GiveBackForm, NoteForm, PaymentForm, ReturnForm
from tenant_apps.counter.views.orders import handled, page
from tenant_apps.orders import meal_vouchers
from tenant_apps.orders.lifecycle import Actor
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import crediting, discounting, refunding, settlement
from tenant_apps.orders.services.acts import By
from tenant_apps.payments.models import CreditNote, Payment
from tenant_apps.payments.services.credit_notes import NoteOver, UnknownNote

FIELDS: dict[type[RuleError], str] = {
    settlement.WrongChange: "tendered",
    UnknownNote: "credit_code",
    NoteOver: "credit_code",
}


def _by(request: StaffRequest) -> By:
    return By(Actor(request.role), request.user.pk, request.device_id)


@require_POST
@staff(Permission.COUNTER)
def take_payment(request: StaffRequest, number: int) -> HttpResponse:
    found, form = handled(number), PaymentForm(request.POST)
    if not form.is_valid():
        return page(request, found, form)
    try:
        order = settlement.take_payment(
            shop=request.pizzeria, order_id=number, tender=form.tender, by=_by(request), now=timezone.now()
        )
    except RuleError as refusal:
        form.add_error(FIELDS.get(type(refusal), "amount"), str(refusal))
        return page(request, found, form)
    _say_taken(request, order, form.cleaned_data["submission"])
    return redirect("counter:order", number)


def _say_taken(request: StaffRequest, order: Order, submission: uuid.UUID) -> None:
    """The change in large, and what no rule refuses but somebody should know."""
    payment = order.payments.get(submission=submission)
    if payment.change_cents:
        words = _("Change to give: %(change)s") % {"change": euros(payment.change_cents)}
        messages.success(request, words, extra_tags="good large")
    else:
        messages.success(request, _("Payment recorded."), extra_tags="good")
    vouchers = [one.kept_cents for one in order.payments.all() if one.means in Payment.MEAL_VOUCHERS]
    if payment.means in Payment.MEAL_VOUCHERS and sum(vouchers) > meal_vouchers.DAILY_CENTS:
        limit = euros(meal_vouchers.DAILY_CENTS)
        messages.warning(
            request,
            _("More than %(limit)s in meal vouchers: that is the most for one person in a day.") % {"limit": limit},
        )


@require_POST
@staff(Permission.COUNTER)
def refund(request: StaffRequest, number: int) -> HttpResponse:
    """Some of a sale is returned, or a gesture is made."""
    form = ReturnForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose what is paid back, and say why."), extra_tags="bad")
        return redirect("counter:order", number)
    order = refunding.refund(
        shop=request.pizzeria,
        order_id=number,
        returned=form.returned,
        submission=form.cleaned_data["submission"],
        by=_by(request),
        now=timezone.now(),
    )
    _say_given_back(request, order, form.cleaned_data["submission"])
    return redirect("counter:order", number)


@require_POST
@staff(Permission.COUNTER)
def give_back(request: StaffRequest, number: int) -> HttpResponse:
    """What was paid above what is owed."""
    form = GiveBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is given back."), extra_tags="bad")
        return redirect("counter:order", number)
    order = refunding.give_back(
        shop=request.pizzeria,
        order_id=number,
        reason=form.cleaned_data["reason"],
        submission=form.cleaned_data["submission"],
        means=form.means_first,
        by=_by(request),
        now=timezone.now(),
    )
    _say_given_back(request, order, form.cleaned_data["submission"])
    return redirect("counter:order", number)


@require_POST
@staff(Permission.COUNTER)
def agree_discount(request: StaffRequest, number: int) -> HttpResponse:
    """Off the whole order, within the limit of the role."""
    form = DiscountForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a percentage or a sum, and say why."), extra_tags="bad")
        return redirect("counter:order", number)
    data = form.cleaned_data
    discounting.agree(
        shop=request.pizzeria, order_id=number, percent=data["percent"], sum_cents=data["sum"], reason=data["reason"],
        submission=data["submission"], by=_by(request), now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("The discount is agreed."), extra_tags="good")
    return redirect("counter:order", number)


def _say_given_back(request: StaffRequest, order: Order, submission: uuid.UUID) -> None:
    """By hand, in large; what goes back to a card online does so by itself."""
    given = list(order.refunds.filter(submission=submission))
    by_hand = [refund for refund in given if refund.means != Payment.Means.ONLINE_CARD]
    words = ", ".join(f"{refund.get_means_display()} {euros(refund.amount_cents)}" for refund in by_hand)
    if by_hand:
        messages.success(request, _("To give back: %(words)s") % {"words": words}, extra_tags="good large")
    online_cents = sum(refund.amount_cents for refund in given) - sum(refund.amount_cents for refund in by_hand)
    if online_cents:
        words = _("%(sum)s goes back to the card that paid online, by itself: there is nothing to hand out.")
        messages.success(request, words % {"sum": euros(online_cents)}, extra_tags="good")


@require_http_methods(["GET", "POST"])
@staff(Permission.COUNTER)
def credit_notes(request: StaffRequest) -> HttpResponse:
    """Those that hold something, and one given by hand: its code is shown to whoever gives it."""
    form = NoteForm(request.POST or None, initial={"submission": uuid.uuid4()})
    given = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            given = crediting.issue(
                shop=request.pizzeria, amount_cents=data["amount"], reason=data["reason"], submission=data["submission"],
                by=_by(request), now=timezone.now(),
            )  # fmt: skip
            form = NoteForm(initial={"submission": uuid.uuid4()})
        except RuleError as refusal:
            form.add_error("amount", str(refusal))
    left = CreditNote.objects.filter(balance_cents__gt=0, expires_on__gte=timezone.localdate())
    context = {"form": form, "given": given, "notes": left.select_related("issued_by")}
    return render(request, "counter/credit_notes.html", context, status=422 if form.errors else 200)
