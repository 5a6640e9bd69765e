"""A region that did not change answers 304, so that nothing moves under a finger."""

from conftest import ask, place
from shared_apps.accounts.models import Role


def test_an_unchanged_board_is_not_sent_again(shop, make_staff, visit):
    place(shop, ask("margherita"))
    cook = visit(shop, make_staff(Role.COOK, shop))
    first = cook.get("/cuisine/bons/")
    assert first.status_code == 200
    again = cook.get("/cuisine/bons/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_board_is(shop, make_staff, visit):
    cook = visit(shop, make_staff(Role.COOK, shop))
    first = cook.get("/cuisine/bons/")
    place(shop, ask("margherita"))
    assert cook.get("/cuisine/bons/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200
