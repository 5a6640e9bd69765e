"""Guessing at the same moment from many threads guesses no more often."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.permissions import Purpose
from tenant_apps.devices.services import operators, pairing, throttling

THREADS = 16


def test_threads_that_guess_at_once_get_the_tries_of_one(own_shop):
    now = timezone.now()
    device, code = pairing.add(shop=own_shop, name="Four", purpose=Purpose.KITCHEN, by_id=None, now=now)
    _device, token = pairing.pair(shop=own_shop, code=code, now=now)

    def guess(number: int) -> str:
        try:
            with schema_context(own_shop.schema_name):
                known = operators.recognised(shop=own_shop, token=token, now=now)
                operators.identify(shop=own_shop, known=known, pin=f"90{number:02}", now=now)
        except (operators.WrongPin, throttling.TooManyTries) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "open"

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(pool.map(guess, range(THREADS)))
    free = throttling.DEVICE.free + 1  # the first one beyond is answered too, and begins the wait
    assert answers == {"WrongPin": free, "TooManyTries": THREADS - free}
    assert throttling.Throttle.objects.get(pk=f"device:{device.pk}").failures == free
