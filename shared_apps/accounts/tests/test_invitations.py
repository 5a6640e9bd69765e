"""Rights are given to whoever reads the e-mail, never to whoever signed up with it first (ADR 0040)."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import PASSWORD
from shared_apps.accounts import services, tasks
from shared_apps.accounts.models import AuditEntry, Membership, Role, User

LOGIN, EMAIL = "/compte/connexion/", "responsable@pizzeria.example"
NEW = "quatre-saisons-et-cinq"


@pytest.fixture(autouse=True)
def letters_leave_at_once(db, monkeypatch) -> None:
    cache.clear()
    monkeypatch.setattr(services, "async_task", lambda path, *keys: getattr(tasks, path.rpartition(".")[2])(*keys))


def sign_up(client, email: str = EMAIL) -> None:
    answer = client.post(
        "/compte/inscription/", {"email": email, "password1": PASSWORD, "name": "Quelqu’un", "phone": "0612345678"}
    )
    assert answer.status_code == 302


def invite(shop, email: str = EMAIL, role: Role = Role.MANAGER) -> User:
    return services.invite_member(
        email=email, name="Nora", roles=[role], pizzeria_id=shop.id if shop else None, by_id=None
    )


def link_in_the_last_letter() -> str:
    return re.search(r"/compte/invitation/\S+", mail.outbox[-1].body)[0]


def test_who_signed_up_first_with_the_managers_e_mail_gets_nothing(shop, visit):
    stranger = visit(shop)
    sign_up(stranger)
    assert stranger.get("/gestion/").status_code == 404
    invite(shop)
    assert stranger.get("/gestion/")["Location"].startswith(LOGIN)  # signed out
    assert stranger.post(LOGIN, {"login": EMAIL, "password": PASSWORD}).status_code == 422
    assert "/compte/connexion/" not in mail.outbox[-1].body
    manager = visit(shop)
    chosen = manager.post(link_in_the_last_letter(), {"password": NEW})
    assert chosen.status_code == 302
    assert manager.get("/gestion/").status_code == 200
    assert User.objects.get(email=EMAIL).email_proven_at


def test_nor_does_the_phone_of_a_stranger_stand_in_the_managers_way(shop, visit):
    sign_up(visit(shop))
    user = User.objects.get(email=EMAIL)
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    invite(shop)
    assert not Authenticator.objects.filter(user=user).exists()


def test_whoever_found_a_lost_password_again_keeps_it(shop, visit):
    client = visit(shop)
    sign_up(client)
    client.post("/compte/deconnexion/")
    client.post("/compte/mot-de-passe/oublie/", {"email": EMAIL})
    link = re.search(r"/compte/mot-de-passe/oublie/\S+", mail.outbox[-1].body)[0]
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert User.objects.get(email=EMAIL).email_proven_at
    invite(shop)
    assert "/compte/connexion/" in mail.outbox[-1].body
    again = visit(shop)
    again.post(LOGIN, {"login": EMAIL, "password": NEW})
    assert again.get("/gestion/").status_code == 200


def test_a_closed_account_is_given_nothing_and_the_form_says_why(shop, visit, make_staff):
    with schema_context("public"):
        User.objects.create_user(EMAIL, PASSWORD, is_active=False)
    manager, office = visit(shop, make_staff(Role.MANAGER, shop)), visit(None, make_staff(Role.HEAD_OFFICE))
    sent = {"name": "Nora", "email": EMAIL, "roles": ["cook"]}
    answers = [
        manager.post("/gestion/reglages/equipe/", sent),
        office.post("/siege/equipes/", sent | {"place": str(shop.id)}),
    ]
    assert all(answer.status_code == 422 and "est fermé" in answer.content.decode() for answer in answers)
    with pytest.raises(CommandError, match="est fermé"):
        call_command("invite_head_office", EMAIL)
    assert not Membership.objects.filter(user__email=EMAIL).exists()
    assert not mail.outbox


def test_who_works_in_one_shop_keeps_their_password_in_the_next(shop, neighbour, make_staff):
    cook = make_staff(Role.COOK, shop)
    invite(neighbour, email=cook.email, role=Role.COOK)
    cook.refresh_from_db()
    assert cook.check_password(PASSWORD)


def test_the_first_of_head_office_is_invited_from_the_server(db, visit, capsys):
    call_command("invite_head_office", " Sophie@Groupe.example ", name="Sophie")
    assert "sophie@groupe.example est du siège" in capsys.readouterr().out
    assert "siège" in mail.outbox[-1].body
    client = visit()
    answer = client.post(link_in_the_last_letter(), {"password": NEW})
    assert client.get(answer["Location"]).status_code == 200
    assert client.get("/siege/").status_code == 200
    call_command("invite_head_office", "sophie@groupe.example")
    assert len(mail.outbox) == 1
    with pytest.raises(CommandError, match="n'est pas une adresse"):
        call_command("invite_head_office", "sophie")


def test_head_office_keeps_somebody(make_staff):
    only = make_staff(Role.HEAD_OFFICE)
    Membership.objects.filter(role=Role.HEAD_OFFICE).exclude(user=only).delete()
    with pytest.raises(services.LastOfHeadOffice):
        services.set_roles(user_id=only.pk, roles=[], pizzeria_id=None, by_id=None)
    make_staff(Role.HEAD_OFFICE)
    services.set_roles(user_id=only.pk, roles=[], pizzeria_id=None, by_id=None)
    assert not Membership.objects.filter(user=only).exists()


def test_a_lost_phone_is_forgotten_from_the_server(shop, make_staff):
    manager = make_staff(Role.MANAGER, shop)
    with schema_context("public"):
        TOTP.activate(manager, generate_totp_secret())
    with pytest.raises(CommandError, match="Personne"):
        call_command("remove_second_factor", "personne@example.com")
    call_command("remove_second_factor", manager.email)
    with schema_context("public"):
        assert not Authenticator.objects.filter(user=manager).exists()
    assert AuditEntry.objects.get(act="second_factor_removed").subject == manager.name
    assert "Vous n’avez plus votre téléphone" in mail.outbox[-1].body
    with pytest.raises(CommandError, match="Aucun code"):
        call_command("remove_second_factor", manager.email)


def test_the_sessions_of_a_lost_phone_are_over(shop, visit, make_staff):
    cook = make_staff(Role.COOK, shop)
    client = visit(shop)
    client.post(LOGIN, {"login": cook.email, "password": PASSWORD})
    assert client.get("/cuisine/").status_code == 200
    services.remove_second_factor(user=cook, by_id=None)
    assert client.get("/cuisine/")["Location"].startswith(LOGIN)


def test_support_is_not_given_to_a_stranger(db, visit, settings):
    sign_up(visit())
    with schema_context("public"):
        support = User.objects.create_superuser("support@ocpizza.example", PASSWORD)
    settings.SECOND_FACTOR_REQUIRED = False
    user, client = User.objects.get(email=EMAIL), visit(None, support)
    page = f"/{settings.SECRET_ADMIN_URL.strip('/')}/accounts/user/{user.pk}/change/"
    assert "n’a pas montré" in client.post(page, {"is_active": "on", "is_staff": "on"}).content.decode()
    User.objects.filter(pk=user.pk).update(email_proven_at=timezone.now())
    assert client.post(page, {"is_active": "on", "is_staff": "on"}).status_code == 302
    assert User.objects.get(pk=user.pk).is_staff
