import itertools

import pytest
from django.conf import settings
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.permissions import Purpose
from tenant_apps.devices.models import Device
from tenant_apps.devices.services import pairing, pins

PINS = (f"{pin}" for pin in itertools.count(2580, 7))


@pytest.fixture
def pair(make_staff, visit):
    """A browser that was paired with the shop, and its device."""

    def make(shop, purpose=Purpose.KITCHEN, **options):
        with schema_context(shop.schema_name):
            device, code = pairing.add(shop=shop, name="Tablette", purpose=purpose, by_id=None, now=timezone.now())
            device, token = pairing.pair(shop=shop, code=code, now=timezone.now())
            Device.objects.filter(pk=device.pk).update(**options)
            device.refresh_from_db()
        browser = visit(shop)
        browser.cookies[settings.DEVICE_COOKIE] = token
        return browser, device

    return make


@pytest.fixture
def hire(make_staff):
    """Somebody of the shop, and their PIN."""

    def make(shop, role):
        user, pin = make_staff(role, shop), next(PINS)
        with schema_context(shop.schema_name):
            pins.set_pin(shop=shop, user_id=user.pk, pin=pin, by_id=None, now=timezone.now())
        return user, pin

    return make
