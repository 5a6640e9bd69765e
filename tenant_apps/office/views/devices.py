"""The tablets and tills of the shop, and the PINs of its people."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shared_apps.accounts.access import StaffRequest, staff
from shared_apps.accounts.permissions import Permission, Purpose
from shared_apps.core.errors import RuleError
from tenant_apps.devices import queries, secrets
from tenant_apps.devices.models import Device
from tenant_apps.devices.services import pairing, pins
from tenant_apps.office.settings_forms import DeviceForm, MemberPinForm, NewDeviceForm


def _device(device_id: int) -> Device:
    found = queries.in_use().filter(pk=device_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: StaffRequest,
    form: NewDeviceForm | None = None,
    changed: DeviceForm | None = None,
    coded: tuple[Device, str] | None = None,
) -> HttpResponse:
    now, forms = timezone.now(), []
    guesses = queries.guesses(now)
    for device in queries.in_use():
        edited = changed and changed.instance == device
        forms.append(
            (device, changed if edited else DeviceForm(instance=device, prefix=str(device.pk)), guesses.get(device.pk))
        )
    context = {
        "form": form or NewDeviceForm(), "devices": forms, "revoked": queries.revoked(), "changed": changed, "now": now
    }  # fmt: skip
    if coded:
        context |= {"coded": coded[0], "code": secrets.spoken(coded[1])}
    wrong = (form and form.errors) or (changed and changed.errors)
    return render(request, "office/devices.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@staff(Permission.SHOP_SETTINGS)
def devices(request: StaffRequest) -> HttpResponse:
    """Those in use; a new one gets a code, which this answer alone shows."""
    if request.method != "POST":
        return _page(request)
    form = NewDeviceForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    added = pairing.add(
        shop=request.pizzeria,
        name=form.cleaned_data["name"],
        purpose=Purpose(form.cleaned_data["purpose"]),
        by_id=request.user.pk,
        now=timezone.now(),
    )
    return _page(request, coded=added)


@require_POST
@staff(Permission.SHOP_SETTINGS)
def renew_code(request: StaffRequest, device_id: int) -> HttpResponse:
    device = _device(device_id)
    coded = pairing.renew_code(shop=request.pizzeria, device_id=device.pk, by_id=request.user.pk, now=timezone.now())
    return _page(request, coded=coded)


@require_POST
@staff(Permission.SHOP_SETTINGS)
def change_device(request: StaffRequest, device_id: int) -> HttpResponse:
    form = DeviceForm(request.POST, instance=_device(device_id), prefix=str(device_id))
    if not form.is_valid():
        return _page(request, changed=form)
    pairing.change(shop=request.pizzeria, device_id=device_id, by_id=request.user.pk, **form.cleaned_data)
    messages.success(request, _("Device kept."), extra_tags="good")
    return redirect("office:devices")


@require_POST
@staff(Permission.SHOP_SETTINGS)
def revoke_device(request: StaffRequest, device_id: int) -> HttpResponse:
    device = _device(device_id)
    pairing.revoke(shop=request.pizzeria, device_id=device.pk, by_id=request.user.pk, now=timezone.now())
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": device.name}, extra_tags="good")
    return redirect("office:devices")


@sensitive_post_parameters("pin")
@require_POST
@staff(Permission.SHOP_SETTINGS)
def set_pin(request: StaffRequest, user_id: int) -> HttpResponse:
    """The manager sets or takes away somebody's PIN, and never sees the one they have."""
    form, shop, by_id = MemberPinForm(request.POST), request.pizzeria, request.user.pk
    if "remove" in request.POST:
        pins.remove_pin(shop=shop, user_id=user_id, by_id=by_id)
        messages.success(request, _("PIN removed."), extra_tags="good")
        return redirect("office:members")
    try:
        pin = form.cleaned_data.get("pin", "") if form.is_valid() else ""
        pins.set_pin(shop=shop, user_id=user_id, pin=pin, by_id=by_id, now=timezone.now())
        messages.success(request, _("PIN kept."), extra_tags="good")
    except RuleError as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    return redirect("office:members")
