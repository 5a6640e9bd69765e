"""Head office finds, invites and moves the group's people, and helps whoever lost a phone."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from django_tenants.utils import schema_context

from shared_apps.accounts.models import AuditEntry, Membership, Role, User

PEOPLE = "/siege/equipes/"


@pytest.fixture
def sophie(make_staff) -> User:
    return make_staff(Role.HEAD_OFFICE)


@pytest.fixture
def office(sophie, visit):
    return visit(None, sophie)


def roles_of(user: User) -> set[tuple[int | None, str]]:
    return set(Membership.objects.filter(user=user).values_list("pizzeria_id", "role"))


def page_of(user: User) -> str:
    return f"{PEOPLE}{user.pk}/"


def test_people_are_found_by_name_by_e_mail_and_by_place(shop, neighbour, office, make_staff):
    here, there, customer = make_staff(Role.COOK, shop), make_staff(Role.DRIVER, neighbour), make_staff(None)
    User.objects.filter(pk=here.pk).update(name="Zoé Lambert", last_login=timezone.now())
    everybody = office.get(PEOPLE).content.decode()
    assert here.email in everybody
    assert there.email in everybody
    assert customer.email not in everybody
    for query in ("q=lamb", f"q={here.email}", f"lieu={shop.id}&q=zo"):
        found = office.get(f"{PEOPLE}?{query}").content.decode()
        assert here.email in found
        assert there.email not in found
    assert "Personne ne correspond" in office.get(f"{PEOPLE}?q=xyzzy").content.decode()
    assert office.get(f"{PEOPLE}?lieu=nulle-part").status_code == 200


def test_somebody_is_invited_to_a_pizzeria_or_to_head_office(shop, office):
    waiting = OrmQ.objects.count()
    for email, place, roles in (("a@example.com", str(shop.id), ["cook", "counter"]), ("b@example.com", "siege", [])):
        answer = office.post(PEOPLE, {"name": "Nora", "email": email, "place": place, "roles": roles})
        assert answer["Location"] == page_of(User.objects.get(email=email))
    assert roles_of(User.objects.get(email="a@example.com")) == {(shop.id, "cook"), (shop.id, "counter")}
    assert roles_of(User.objects.get(email="b@example.com")) == {(None, "head_office")}
    assert OrmQ.objects.count() == waiting + 2


def test_a_pizzeria_without_a_role_is_refused_and_what_was_typed_stays(shop, office):
    answer = office.post(PEOPLE, {"name": "Nora", "email": "a@example.com", "place": str(shop.id)})
    assert answer.status_code == 422
    assert "au moins" in answer.content.decode()
    assert "a@example.com" in answer.content.decode()


def test_roles_are_changed_added_and_taken_away_anywhere(shop, neighbour, office, sophie, make_staff):
    cook, _manager = make_staff(Role.COOK, shop), make_staff(Role.MANAGER, shop)
    office.post(f"{page_of(cook)}{shop.id}/", {"roles": ["driver"], "keep": "1"})
    assert roles_of(cook) == {(shop.id, "driver")}
    refused = office.post(f"{page_of(cook)}ajouter/", {"place": str(neighbour.id)})
    assert refused.status_code == 422
    office.post(f"{page_of(cook)}ajouter/", {"place": str(neighbour.id), "roles": ["cook"]})
    assert roles_of(cook) == {(shop.id, "driver"), (neighbour.id, "cook")}
    office.post(f"{page_of(cook)}{shop.id}/", {})
    answer = office.post(f"{page_of(cook)}{neighbour.id}/", {})
    assert answer["Location"] == PEOPLE
    assert roles_of(cook) == set()
    assert AuditEntry.objects.filter(act="roles", pizzeria_id=neighbour.id, actor=sophie).count() == 2


def test_the_last_manager_and_the_last_of_head_office_stay(shop, office, sophie, make_staff):
    manager = make_staff(Role.MANAGER, shop)
    with schema_context("public"):
        Membership.objects.filter(role__in=("manager", "head_office")).exclude(user__in=(manager, sophie)).delete()
    said = office.post(f"{page_of(manager)}{shop.id}/", {}, follow=True).content.decode()
    assert "au moins un responsable" in said
    said = office.post(f"{page_of(sophie)}siege/", {}, follow=True).content.decode()
    assert "Le siège garde au moins une personne" in said


def test_a_lost_phone_is_forgotten_in_words(shop, office, sophie, make_staff):
    manager = make_staff(Role.MANAGER, shop)
    assert "Aucun téléphone" in office.get(page_of(manager)).content.decode()
    TOTP.activate(manager, generate_totp_secret())
    assert "Le téléphone est perdu" in office.get(page_of(manager)).content.decode()
    said = office.post(f"{page_of(manager)}codes/", follow=True).content.decode()
    assert "ne sont plus demandés" in said
    assert not Authenticator.objects.filter(user=manager).exists()
    assert AuditEntry.objects.get(act="second_factor_removed").actor == sophie


def test_a_customer_has_no_page_here_and_a_place_is_a_place(shop, office, make_staff):
    customer, cook = make_staff(None), make_staff(Role.COOK, shop)
    assert office.get(page_of(customer)).status_code == 404
    assert office.post(f"{page_of(customer)}codes/").status_code == 404
    assert office.post(f"{page_of(customer)}ajouter/", {"place": "siege"}).status_code == 404
    assert office.post(f"{page_of(cook)}ailleurs/", {"roles": ["cook"], "keep": "1"}).status_code == 404
    assert roles_of(customer) == set()


def test_whoever_has_not_answered_is_invited_again_once(shop, office, make_staff):
    cook = make_staff(Role.COOK, shop)
    again = f"{page_of(cook)}{shop.id}/inviter/"
    assert "est envoyée" in office.post(again, follow=True).content.decode()
    assert "vient de partir" in office.post(again, follow=True).content.decode()


def test_as_many_statements_for_many_people_as_for_few(shop, neighbour, office, make_staff):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(PEOPLE)
        return len(captured)

    make_staff(Role.COOK, shop)
    few = statements()
    for number in range(12):
        make_staff(Role.DRIVER, (shop, neighbour)[number % 2])
    assert statements() == few
