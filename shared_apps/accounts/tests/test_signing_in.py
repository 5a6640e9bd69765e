import re

import pytest
from django.core import mail

from conftest import PASSWORD, plan, shop_of
from shared_apps.accounts import tasks
from shared_apps.accounts.models import Role, User
from shared_apps.onboarding import services

LANDINGS = {
    Role.MANAGER: "/gestion/",
    Role.COUNTER: "/comptoir/",
    Role.COOK: "/cuisine/",
    Role.DRIVER: "/livraisons/",
}


@pytest.mark.parametrize(("role", "landing"), LANDINGS.items())
def test_staff_land_on_their_screen(shop, make_staff, visit, role, landing):
    user = make_staff(role, shop)
    answer = visit(shop).post("/compte/connexion/", {"login": user.email.upper(), "password": PASSWORD})
    assert answer["Location"] == landing


def test_head_office_lands_on_the_group_view(db, make_staff, visit):
    user = make_staff(Role.HEAD_OFFICE)
    answer = visit().post("/compte/connexion/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == "/siege/"


def test_one_comes_back_to_the_page_that_asked_and_to_no_other_site(shop, make_staff, visit):
    user = make_staff(Role.COOK, shop)
    sent = {"login": user.email, "password": PASSWORD}
    assert visit(shop).post("/compte/connexion/", sent | {"next": "/cuisine/bons/"})["Location"] == "/cuisine/bons/"
    assert visit(shop).post("/compte/connexion/", sent | {"next": "https://evil.example/"})["Location"] == "/cuisine/"


def test_a_wrong_password_is_told_without_saying_which_is_wrong(shop, make_staff, visit):
    answer = visit(shop).post("/compte/connexion/", {"login": make_staff(None).email, "password": "autre"})
    assert answer.status_code == 422
    assert "ne vont pas ensemble" in answer.content.decode()


@pytest.mark.parametrize("on_a_shop", [True, False], ids=["shop", "group"])
def test_a_customer_signs_up_on_any_host(shop, visit, on_a_shop):
    person = {
        "name": "Camille",
        "email": "Camille@Example.com",
        "phone": "06 12 34 56 78",
        "password1": "une-longue-phrase",
    }
    answer = visit(shop if on_a_shop else None).post("/compte/inscription/", person)
    assert answer.status_code == 302
    assert User.objects.get(email="camille@example.com").phone == "+33612345678"


def test_signing_out_ends_it(shop, make_staff, visit):
    cook = visit(shop, make_staff(Role.COOK, shop))
    assert cook.get("/compte/deconnexion/").status_code == 405
    cook.post("/compte/deconnexion/")
    assert cook.get("/cuisine/").status_code == 302


def test_the_manager_of_a_new_shop_is_invited_and_chooses_a_password_once(db, visit):
    pizzeria = services.open_pizzeria(plan=plan("neuve")).pizzeria
    manager = User.objects.get(email="responsable@neuve.example")
    tasks.invite(manager.pk, pizzeria.pk)
    path = re.search(r"/compte/invitation/\S+", mail.outbox[0].body)[0]
    shop = shop_of("neuve")
    weak = visit(shop).post(path, {"password": "court"})
    assert weak.status_code == 422
    chosen = visit(shop).post(path, {"password": "une-longue-phrase"})
    assert chosen["Location"] == "/gestion/"
    assert visit(shop).get(path).status_code == 410


def test_a_closed_account_cannot_sign_in(shop, make_staff, visit):
    user = make_staff(Role.COOK, shop)
    User.objects.filter(pk=user.pk).update(is_active=False)
    client = visit(shop)
    answer = client.post("/compte/connexion/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert "Ce compte est fermé" in answer.content.decode()
    assert client.get("/cuisine/").status_code == 302
