"""Django's admin: for support alone, public tables alone, behind the second factor."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django_tenants.utils import schema_context

from conftest import PASSWORD
from shared_apps.accounts.models import AuditEntry, Role, User

SECRET = f"/{settings.SECRET_ADMIN_URL.strip('/')}/"
PAGES = [
    "",
    "accounts/user/",
    "accounts/membership/",
    "accounts/auditentry/",
    "tenants/pizzeria/",
    "django_q/schedule/",
]


@pytest.fixture
def support(db) -> User:
    with schema_context("public"):
        return User.objects.create_superuser("support@ocpizza.example", PASSWORD, name="Sacha")


@pytest.mark.parametrize("page", PAGES)
def test_support_reads_the_groups_tables(support, visit, page):
    assert visit(None, support).get(SECRET + page).status_code == 200


def test_it_shows_no_table_of_a_shop():
    of_shops = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown
    assert not shown & of_shops


def test_it_is_not_on_the_host_of_a_shop(shop, support, visit):
    assert visit(shop, support).get(SECRET).status_code == 404


def test_whoever_is_not_signed_in_goes_through_the_sites_own_door(db, visit):
    answer = visit().get(f"{SECRET}accounts/user/", follow=False)
    assert answer.status_code == 302
    answer = visit().get(answer["Location"])
    assert answer["Location"].startswith("/compte/connexion/?next=")


@pytest.mark.parametrize("role", [None, Role.HEAD_OFFICE])
def test_others_find_nothing_there(make_staff, visit, role):
    client = visit(None, make_staff(role))
    assert client.get(SECRET, follow=True).status_code == 404


def test_without_the_phone_support_is_sent_to_set_it_up(support, visit, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    answer = visit(None, support).get(SECRET)
    answer = visit(None, support).get(answer["Location"])
    assert "/compte/" in answer["Location"]
    assert answer.status_code == 302


def test_support_closes_an_account_and_changes_nothing_else_of_it(support, make_staff, visit):
    person = make_staff(Role.HEAD_OFFICE)
    page = f"{SECRET}accounts/user/{person.pk}/change/"
    visit(None, support).post(page, {"email": "autre@example.com", "name": "Autre"})
    person.refresh_from_db()
    assert (person.is_active, person.name) == (False, "Alix")
    told = AuditEntry.objects.get(act="account")
    assert (told.actor, told.subject) == (support, "Alix")
    assert (told.before, told.after) == ({"is_active": True}, {"is_active": False})
    assert visit(None, support).post(f"{SECRET}accounts/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("page", ["accounts/auditentry/add/", "tenants/pizzeria/add/", "accounts/membership/add/"])
def test_what_has_its_own_rules_is_not_written_here(support, visit, page):
    assert visit(None, support).get(SECRET + page).status_code == 403
