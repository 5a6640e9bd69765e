from conftest import ask, place
from tenant_apps.orders.models import OrderEvent


def test_an_order_holds_its_ingredients_and_its_slot(shop):
    order = place(shop, ask("margherita", 2), ask("cola-33cl", size=None))
    assert order.total_cents == 2 * 990 + 220
    assert order.reservations.count() == 6
    assert order.slot.taken == 200
    assert OrderEvent.objects.get().to_state == "accepted"
