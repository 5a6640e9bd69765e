"""Another e-mail is proven before it replaces the old one, and opens no way to the rights of somebody else (ADR 0040)."""

import base64
import datetime as dt
import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache

from conftest import PASSWORD
from shared_apps.accounts import email_change, services, tasks
from shared_apps.accounts.models import AuditEntry, Membership, User
from shared_apps.accounts.tests.test_invitations import EMAIL, LOGIN, NEW, invite, sign_up

OLD, OTHER = "camille@example.com", "zoe@example.com"
PAGE = "/compte/e-mail/"


@pytest.fixture(autouse=True)
def letters_leave_at_once(db, monkeypatch) -> None:
    cache.clear()
    monkeypatch.setattr(services, "async_task", lambda path, *keys: getattr(tasks, path.rpartition(".")[2])(*keys))


@pytest.fixture
def client(visit):
    """Somebody who has signed up, and proven nothing."""
    visitor = visit()
    sign_up(visitor, OLD)
    return visitor


def ask(visitor, email: str, password: str = PASSWORD):
    return visitor.post(PAGE, {"email": email, "password": password})


def link() -> str:
    return re.search(r"/compte/e-mail/[^/\s]+/", mail.outbox[-1].body)[0]


def emails() -> set[str]:
    """Of those who signed up here: the managers of the two shops are no matter."""
    return set(User.objects.filter(email__endswith="@example.com").values_list("email", flat=True))


def test_the_new_e_mail_replaces_the_old_one_once_its_letter_is_opened(
    client, visit, django_capture_on_commit_callbacks
):
    assert ask(client, OTHER)["Location"] == "/compte/securite/"
    assert (mail.outbox[-1].to, emails()) == ([OTHER], {OLD})
    page = link()
    assert OTHER in client.get(page).content.decode()
    assert emails() == {OLD}  # looking at the page changes nothing
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page)
    user = User.objects.get(email=OTHER)
    assert user.email_proven_at
    assert emails() == {OTHER}
    assert mail.outbox[-1].to == [OLD]
    assert AuditEntry.objects.get(act="email").before == {}  # a customer's address is not kept for ever
    assert visit().post(LOGIN, {"login": OLD, "password": PASSWORD}).status_code == 422
    assert visit().post(LOGIN, {"login": OTHER, "password": PASSWORD}).status_code == 302
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [(OTHER, True)]
    assert client.post(page).status_code == 410


def test_the_letter_says_yes_only_to_the_account_that_asked(client, visit):
    """Whoever asks for the e-mail of somebody else hopes that they open the letter."""
    ask(client, OTHER)
    page, other = link(), visit()
    assert other.post(page)["Location"].startswith(LOGIN)
    sign_up(other, "nora@example.com")
    assert other.post(page).status_code == 410
    assert emails() == {OLD, "nora@example.com"}


def test_a_stranger_proves_nothing_of_the_e_mail_that_they_have_not(shop, visit):
    """With a future manager's e-mail they sign up, then prove their own: the invitation is not for them."""
    stranger = visit(shop)
    sign_up(stranger, EMAIL)
    ask(stranger, OTHER)
    assert not User.objects.get(email=EMAIL).email_proven_at  # asking proves nothing
    stranger.post("/compte/mot-de-passe/oublie/", {"email": OTHER})
    assert "/compte/mot-de-passe/oublie/" not in mail.outbox[-1].body  # nor opens what is not theirs yet
    ask(stranger, OTHER)
    stranger.post(link())
    invited = invite(shop)
    assert invited.email == EMAIL
    assert Membership.objects.filter(user=invited).exists()
    assert not Membership.objects.filter(user__email=OTHER).exists()
    assert stranger.get("/gestion/").status_code == 404


def test_a_link_dies_with_the_password_and_with_the_hour(client, monkeypatch):
    ask(client, OTHER)
    page = link()
    with monkeypatch.context() as later:
        later.setattr(email_change, "GOOD_FOR", dt.timedelta(seconds=-1))
        assert client.get(page).status_code == 410
    assert client.get(page).status_code == 200
    client.post("/compte/mot-de-passe/", {"oldpassword": PASSWORD, "password1": NEW})
    assert client.get(page).status_code == 410


def test_an_e_mail_that_somebody_has_is_refused_even_if_they_came_meanwhile(client, visit):
    ask(client, OTHER)
    page = link()
    sign_up(visit(), OTHER)
    assert client.post(page).status_code == 410
    answer = ask(client, OTHER.upper())
    assert answer.status_code == 422
    assert "Un compte a déjà cet e-mail" in answer.content.decode()
    assert emails() == {OLD, OTHER}


def test_whoever_finds_a_phone_left_open_lacks_the_password(client):
    assert ask(client, OTHER, "pas-celui-ci").status_code == 422
    assert mail.outbox == []
    for _ in range(20):
        ask(client, OTHER, "pas-celui-ci")
    assert "Trop d’essais" in ask(client, OTHER).content.decode()


def test_the_link_tells_no_log_whose_it_is(client):
    ask(client, OTHER)
    token = link().removeprefix(PAGE).rstrip("/")
    assert OTHER.encode() not in base64.urlsafe_b64decode(token)
    assert OLD.encode() not in base64.urlsafe_b64decode(token)
