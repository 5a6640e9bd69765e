"""Attempts are counted, those who can do much type a code, sessions can be ended, a lost password is found again."""

import re
import time

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from conftest import PASSWORD
from shared_apps.accounts.models import AuditEntry, Role, User
from tenants.hosts import Shop

LOGIN = "/compte/connexion/"


@pytest.fixture(autouse=True)
def no_attempts_yet(db) -> None:
    cache.clear()


@pytest.fixture
def second_factor(settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


def sign_in(client: Client, user: User, password: str = PASSWORD):
    return client.post(LOGIN, {"login": user.email, "password": password})


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def set_up(django_capture_on_commit_callbacks):
    def shown(client: Client) -> str:
        """Shows the phone the square and types its first code; returns the secret."""
        page = client.get("/compte/code/telephone/")
        assert page.status_code == 200
        secret = re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())[1]
        with django_capture_on_commit_callbacks() as committed:
            answer = client.post("/compte/code/telephone/", {"code": code(secret)})
        with context.request_context(answer.wsgi_request):
            for callback in committed:
                callback()
        answer.wsgi_request.session.save()
        assert answer["Location"] == "/compte/code/secours/"
        return secret

    return shown


def test_after_five_wrong_passwords_the_right_one_waits_too(shop, make_staff, visit):
    user, other = make_staff(Role.COOK, shop), make_staff(Role.COOK, shop)
    for _attempt in range(5):
        assert sign_in(visit(shop), user, "autre").status_code == 422
    refused = sign_in(visit(shop), user)
    assert refused.status_code == 422
    assert "Trop de tentatives" in refused.content.decode()
    assert sign_in(visit(shop), other).status_code == 302


def test_an_address_that_tries_many_accounts_waits_and_another_address_does_not(shop, make_staff, visit):
    user = make_staff(Role.COOK, shop)
    for number in range(20):
        assert sign_in(visit(shop), User(email=f"essai{number}@example.com"), "autre").status_code == 422
    refused = sign_in(visit(shop), user)
    assert refused.status_code == 422
    assert "Trop de tentatives" in refused.content.decode()
    elsewhere = visit(shop)
    elsewhere.defaults["REMOTE_ADDR"] = "203.0.113.7"
    assert sign_in(elsewhere, user).status_code == 302


def test_attempts_are_counted_for_every_process_together(shop, make_staff, visit):
    """In the database, not in the memory of the process that happened to answer."""
    sign_in(visit(shop), make_staff(Role.COOK, shop), "autre")
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache")
        assert cursor.fetchone()[0] > 0


@pytest.mark.parametrize("role", [Role.MANAGER, Role.HEAD_OFFICE])
def test_those_who_can_do_much_first_set_a_phone_up(shop, make_staff, visit, second_factor, set_up, role):
    place, page = (shop, "/gestion/") if role == Role.MANAGER else (None, "/siege/")
    user = make_staff(role, place)
    client = visit(place)
    sign_in(client, user)
    assert client.get(page)["Location"].startswith("/compte/code/telephone/?next=")
    set_up(client)
    assert client.get(page).status_code == 200
    assert AuditEntry.objects.filter(actor=user, act="second_factor_on").exists()
    assert "code d’un téléphone" in mail.outbox[-1].body


def test_a_password_without_the_phone_opens_nothing(shop, make_staff, visit, second_factor, set_up):
    manager = make_staff(Role.MANAGER, shop)
    client = visit(shop)
    sign_in(client, manager)
    secret = set_up(client)
    stranger = visit(shop)
    assert sign_in(stranger, manager)["Location"].startswith("/compte/code/")
    assert stranger.get("/gestion/")["Location"].startswith(LOGIN)
    assert "n’est pas le bon" in stranger.post("/compte/code/", {"code": "000000"}).content.decode()
    assert stranger.get("/gestion/")["Location"].startswith(LOGIN)
    cache.clear()  # the code was used to set the phone up: the same one again is refused within its time
    Authenticator.objects.filter(user=manager).update(last_used_at=None)
    assert stranger.post("/compte/code/", {"code": code(secret)}).status_code == 302
    assert stranger.get("/gestion/").status_code == 200


def test_a_rescue_code_opens_once(shop, make_staff, visit, second_factor, set_up):
    manager = make_staff(Role.MANAGER, shop)
    client = visit(shop)
    sign_in(client, manager)
    set_up(client)
    rescue = re.search(r"<li><code>(\d+)</code>", client.get("/compte/code/secours/").content.decode())[1]
    for expected in (302, 200):
        elsewhere = visit(shop)
        sign_in(elsewhere, manager)
        assert elsewhere.post("/compte/code/", {"code": rescue}).status_code == expected


def test_a_cook_types_no_code(shop, make_staff, visit, second_factor):
    client = visit(shop)
    sign_in(client, make_staff(Role.COOK, shop))
    assert client.get("/cuisine/").status_code == 200


def test_the_secret_of_a_phone_is_not_read_in_the_database(shop, make_staff, visit, set_up):
    manager = make_staff(Role.MANAGER, shop)
    client = visit(shop)
    sign_in(client, manager)
    secret = set_up(client)
    stored = Authenticator.objects.get(user=manager, type=Authenticator.Type.TOTP).data
    assert secret not in str(stored)


def test_a_session_is_ended_from_another_one(shop: Shop, make_staff, visit):
    cook = make_staff(Role.COOK, shop)
    tablet, phone = visit(shop), visit(shop)
    for client in (tablet, phone):
        sign_in(client, cook)
    page = phone.get("/compte/sessions/").content.decode()
    ending = re.search(r"/compte/sessions/\d+/terminer/", page)[0]
    assert visit(shop, make_staff(Role.COOK, shop)).post(ending).status_code == 404
    assert tablet.get("/cuisine/").status_code == 200
    assert phone.post(ending).status_code == 302
    assert tablet.get("/cuisine/").status_code == 302
    assert phone.get("/cuisine/").status_code == 200


def test_a_forgotten_password_is_chosen_again_once(shop, make_staff, visit):
    cook = make_staff(Role.COOK, shop)
    client = visit(shop)
    client.post("/compte/mot-de-passe/oublie/", {"email": cook.email})
    path = re.search(r"http://[^/]+(/compte/\S+)", mail.outbox[-1].body)[1]
    page = client.get(path)
    form = page["Location"] if page.status_code == 302 else path
    assert client.post(form, {"password1": "court"}).status_code == 200
    assert client.post(form, {"password1": "une-autre-longue-phrase"}).status_code == 302
    assert sign_in(visit(shop), cook).status_code == 422
    assert sign_in(visit(shop), cook, "une-autre-longue-phrase").status_code == 302
    assert "est périmée" in visit(shop).get(path).content.decode()
    assert AuditEntry.objects.filter(actor=cook, act="password").exists()


def test_asking_for_a_password_says_not_who_has_an_account(shop, make_staff, visit):
    answers = []
    for email in (make_staff(None).email, "inconnu@example.com"):
        answer = visit(shop).post("/compte/mot-de-passe/oublie/", {"email": email}, follow=True)
        answers.append((answer.status_code, answer.redirect_chain, re.sub(r"csrf\S+", "", answer.content.decode())))
    assert answers[0] == answers[1]
    assert len(mail.outbox) == 2
