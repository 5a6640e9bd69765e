"""What a manager changes of the shop: it holds at once, it is kept who did it, and wrong words are refused at their field."""

import datetime as dt
import re

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import schema_context

from conftest import PASSWORD, ask, place, variant
from shared_apps.accounts import services as accounts
from shared_apps.accounts import tasks
from shared_apps.accounts.models import AuditEntry, Membership, Role, User
from shared_apps.catalogue.models import ServiceMode
from tenant_apps.orders.services.wishes import Wishes
from tenant_apps.shop import configuration, hours
from tenant_apps.shop import queries as shop_queries
from tenant_apps.shop.hours import Hours, WrongHours
from tenant_apps.shop.models import ShopSettings


@pytest.fixture
def manager(shop, make_staff, visit):
    return visit(shop, make_staff(Role.MANAGER, shop))


def test_hours_are_read_as_people_write_them():
    assert hours.read("11:30-14:00 18:00-22:00") == hours.read("11h30 - 14h, 18h à 22h")
    assert hours.written(hours.read("18h-1h")) == "18:00-01:00"
    assert hours.read("") == ()


@pytest.mark.parametrize("text", ["midi", "11:30", "25:00-26:00", "11:00-15:00 14:00-20:00", "18:00-2:00 11:00-14:00"])
def test_hours_that_are_none_or_overlap_are_refused(text):
    with pytest.raises(WrongHours):
        hours.read(text)


def test_a_special_day_replaces_the_week_and_a_closure_both():
    week = tuple((weekday, dt.time(11), dt.time(14)) for weekday in range(7))
    day, other = dt.date(2026, 12, 24), dt.date(2026, 12, 25)
    special = ((day, dt.time(10), dt.time(12)), (other, dt.time(10), dt.time(12)))
    known = Hours(week, frozenset({other}), special)
    assert [window.start.hour for window in known.of_day(day)] == [9]
    assert known.of_day(other) == []
    assert len(known.of_day(dt.date(2026, 12, 23))) == 1


def week(**changes: str) -> dict[str, str]:
    return {f"day_{day}": "11:30-14:00 18:00-22:00" for day in range(7)} | changes


def test_new_hours_hold_at_once_and_are_in_the_history(shop, manager):
    assert manager.post("/gestion/reglages/horaires/", week(day_0="")).status_code == 302
    with schema_context(shop.schema_name):
        known = shop_queries.situation(timezone.now()).hours
    assert {weekday for weekday, _opens, _closes in known.ranges} == set(range(1, 7))
    entry = AuditEntry.objects.get(act="hours")
    assert (entry.before["lun"], entry.after["lun"]) == ("04:00-04:00", "")
    page = manager.get("/gestion/reglages/historique/?acte=hours").content.decode()
    assert "04:00-04:00" in page


def test_the_history_is_told_in_the_words_of_the_screens(shop, manager):
    with schema_context(shop.schema_name):
        configuration.change_settings(
            shop=shop,
            values={
                "oven_places": 6,
                "delivery_fee_cents": 350,
                "kitchen_stations": True,
                "closed_holidays": ["christmas"],
            },
            user_id=None,
        )
        configuration.set_offers(shop=shop, offers={variant("reine").pk: (1250, False)}, user_id=None)
        configuration.set_day(shop=shop, day=dt.date(2027, 2, 3), ranges=[], reason="travaux", user_id=None)
    page = re.sub(r"<[^>]+>", "", manager.get("/gestion/reglages/historique/").content.decode()).replace("\u00a0", " ")
    for words in (
        "Places dans le four : 4 → 6", "Frais de livraison : 2,90 € → 3,50 €", "La cuisine travaille par postes : non → oui",
        "Jours fériés de fermeture : — → Noël", "Notre prix : — → 12,50 €", "Fermée : — → travaux",
    ):  # fmt: skip
        assert words in page
    assert "oven_places" not in page


def test_wrong_hours_are_said_at_their_day_and_change_nothing(shop, manager):
    answer = manager.post("/gestion/reglages/horaires/", week(day_3="11:00-15:00 14:00-20:00"))
    assert answer.status_code == 422
    assert "se chevauchent" in answer.content.decode()
    assert not AuditEntry.objects.filter(act="hours").exists()


def test_orders_promised_in_hours_that_close_are_named(shop, manager):
    tomorrow = timezone.localtime() + dt.timedelta(days=1)
    noon = tomorrow.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(dt.UTC)
    order = place(shop, ask("margherita"), wishes=Wishes(ServiceMode.COLLECTION, starts_at=noon))
    day = tomorrow.date()
    with schema_context("public"):
        answer = manager.post(
            "/gestion/reglages/horaires/jour/",
            {"day": day.isoformat(), "hours": "", "reason": "Inventaire"},
            follow=True,
        )
    text = answer.content.decode()
    assert f"appelez leurs clients\u00a0: {order.number}" in text
    assert "Inventaire" in text
    with schema_context("public"):
        manager.post("/gestion/reglages/horaires/jour-ordinaire/", {"day": day.isoformat()})
    with schema_context(shop.schema_name):
        assert shop_queries.situation(timezone.now()).hours.is_open(order.slot.starts_at)


def test_settings_are_in_euros_on_the_screen_and_cents_in_the_database(shop, manager):
    page = manager.get("/gestion/reglages/").content.decode()
    assert 'value="5,00"' in page
    with schema_context(shop.schema_name):
        sent = {
            name: getattr(ShopSettings.objects.get(), name)
            for name in ("preparation_minutes", "escalate_after_seconds", "hurry_minutes", "late_minutes",
                         "oven_places", "make_minutes", "slot_minutes",
                         "days_ahead",
                         "usual_drivers", "deliveries_per_driver", "discount_limit_percent")
        }  # fmt: skip
    sent |= {
        "takes_orders": "on",
        "discount_limit_cents": "3,50",
        "refund_limit_cents": "20,00",
        "prepaid_above_cents": "",
        "sells_alcohol": "on",
        "alcohol_from": "08:00",
        "alcohol_until": "21:30",
    }
    assert manager.post("/gestion/reglages/", sent).status_code == 302
    with schema_context(shop.schema_name):
        kept = ShopSettings.objects.get()
        assert kept.discount_limit_cents == 350
        assert (kept.sells_alcohol, kept.alcohol_until) == (True, dt.time(21, 30))
    entry = AuditEntry.objects.get(act="settings")
    before = {"discount_limit_cents": 500, "sells_alcohol": False, "alcohol_until": "22:00"}
    assert (entry.before, entry.after) == (
        before,
        {"discount_limit_cents": 350, "sells_alcohol": True, "alcohol_until": "21:30"},
    )
    backwards = manager.post("/gestion/reglages/", sent | {"alcohol_until": "07:00"})
    assert backwards.status_code == 422
    assert "Après le début, le même jour" in backwards.content.decode()
    assert manager.post("/gestion/reglages/", sent | {"oven_places": "0"}).status_code == 422


def test_an_own_price_is_charged_and_a_withdrawn_product_leaves_the_card(shop, manager, visit):
    margherita, reine = variant("margherita").pk, variant("reine").pk
    wanted = {f"price-{margherita}": "8,50", f"withdrawn-{reine}": "on"}
    assert manager.post("/gestion/reglages/carte/", wanted).status_code == 302
    assert place(shop, ask("margherita")).total_cents == 850
    assert AuditEntry.objects.filter(act="offer").count() == 2
    assert manager.post("/gestion/reglages/carte/", {f"price-{margherita}": "cher"}).status_code == 422
    assert manager.post("/gestion/reglages/carte/", {}).status_code == 302  # the group's card again
    assert place(shop, ask("margherita")).total_cents == 990


def test_somebody_is_invited_with_roles_and_may_be_taken_out(shop, manager, visit, monkeypatch):
    monkeypatch.setattr(accounts, "async_task", lambda _path, *arguments: tasks.invite(*arguments))
    sent = {"name": "Nora", "email": "Nora@example.com", "roles": ["counter", "cook"]}
    assert manager.post("/gestion/reglages/equipe/", sent).status_code == 302
    assert mail.outbox[0].to == ["nora@example.com"]
    nora = User.objects.get(email="nora@example.com")
    assert visit(shop, nora).get("/cuisine/").status_code == 200
    manager.post(f"/gestion/reglages/equipe/{nora.pk}/", {"roles": ["counter"]})
    assert visit(shop, nora).get("/cuisine/").status_code == 403
    manager.post(f"/gestion/reglages/equipe/{nora.pk}/", {})
    assert visit(shop, nora).get("/cuisine/").status_code == 404


def test_an_invitation_is_sent_again_once_at_a_time_and_dies_when_withdrawn(shop, manager, visit, monkeypatch):
    monkeypatch.setattr(accounts, "async_task", lambda _path, *arguments: tasks.invite(*arguments))
    manager.post("/gestion/reglages/equipe/", {"name": "Nora", "email": "nora@example.com", "roles": ["cook"]})
    nora = User.objects.get(email="nora@example.com")
    assert "pizzaiolo" in mail.outbox[0].body
    assert "Envoyer à nouveau l’invitation" in manager.get("/gestion/reglages/equipe/").content.decode()
    for _tap in range(2):
        assert manager.post(f"/gestion/reglages/equipe/{nora.pk}/inviter/").status_code == 302
    assert len(mail.outbox) == 2
    link = re.search(r"/compte/invitation/\S+", mail.outbox[1].body)[0]
    assert visit(shop).get(link).status_code == 200
    manager.post(f"/gestion/reglages/equipe/{nora.pk}/", {})
    assert visit(shop).get(link).status_code == 410
    assert manager.post(f"/gestion/reglages/equipe/{nora.pk}/inviter/").status_code == 302
    assert len(mail.outbox) == 2


def test_an_invitation_says_not_whether_the_e_mail_had_an_account(shop, manager, visit, monkeypatch):
    """A customer's and nobody's: the same answers, page and history; the letter alone differs, in their own box."""
    monkeypatch.setattr(accounts, "async_task", lambda _path, *arguments: tasks.invite(*arguments))
    with schema_context("public"):
        User.objects.create_user("customer@example.com", PASSWORD, name="Camille Cliente", last_login=timezone.now())
    shown = []
    for email in ("customer@example.com", "unknown@example.com"):
        answer = manager.post("/gestion/reglages/equipe/", {"name": "Nora", "email": email, "roles": ["cook"]})
        invited = User.objects.get(email=email)
        again = manager.post(f"/gestion/reglages/equipe/{invited.pk}/inviter/")
        urls = ("/gestion/reglages/equipe/", "/gestion/reglages/historique/")
        parts = [part for url in urls for part in re.split(r"</?(?:li|tr)\b", manager.get(url).content.decode())]
        told = [part.replace(email, "…") for part in parts if email in part]
        told = [re.sub(r'value="\w{64}"|/\d+/|-\d+\b|\d+ h \d+', "", part) for part in told]
        assert len(told) >= 3  # who they are, their roles, the letter sent again
        manager.post(f"/gestion/reglages/equipe/{invited.pk}/", {})
        shown.append((answer.status_code, again.status_code, told))
    assert shown[0] == shown[1]
    assert "Camille" not in str(shown)
    assert len(mail.outbox) == 4


def test_one_who_changes_roles_has_still_answered(shop, manager, make_staff):
    cook = make_staff(Role.COOK, shop)
    with schema_context("public"):
        User.objects.update(last_login=timezone.now())
    manager.post(f"/gestion/reglages/equipe/{cook.pk}/", {"roles": ["driver"]})
    assert "invitation sans réponse" not in manager.get("/gestion/reglages/equipe/").content.decode()


def test_whoever_has_answered_is_not_invited_again(shop, neighbour, manager, make_staff):
    for somebody in (make_staff(Role.COOK, shop), make_staff(Role.COOK, neighbour)):
        User.objects.filter(pk=somebody.pk).update(last_login=timezone.now())
        manager.post(f"/gestion/reglages/equipe/{somebody.pk}/inviter/")
    assert not AuditEntry.objects.filter(act="invitation").exists()


def test_the_shop_closes_on_the_holidays_chosen_and_opens_on_one_all_the_same(shop, manager):
    url, year = "/gestion/reglages/horaires/", timezone.localdate().year
    page = manager.get(url).content.decode()
    assert page.count("Noël") >= 2  # to be chosen, and in the coming year
    assert (
        manager.post(
            f"{url}jours-feries/", {"closed_holidays": ["christmas", "labour"], "holiday_region": "FR"}
        ).status_code
        == 302
    )
    christmas = next(day for day in (dt.date(year, 12, 25), dt.date(year + 1, 12, 25)) if day >= timezone.localdate())
    with schema_context(shop.schema_name):
        now = timezone.now()
        assert shop_queries.situation(now).hours.of_day(christmas) == []
    entry = AuditEntry.objects.get(act="settings")
    assert entry.after == {"closed_holidays": ["christmas", "labour"]}
    manager.post(f"{url}jour/", {"day": christmas.isoformat(), "hours": "18:00-22:00"})
    with schema_context(shop.schema_name):
        assert len(shop_queries.situation(now).hours.of_day(christmas)) == 1
    manager.post(f"{url}jour-ordinaire/", {"day": christmas.isoformat()})
    with schema_context(shop.schema_name):
        assert shop_queries.situation(now).hours.of_day(christmas) == []


def test_nobody_of_another_shop_gets_a_role_by_a_guessed_number(shop, neighbour, manager, make_staff):
    stranger = make_staff(Role.COOK, neighbour)
    manager.post(f"/gestion/reglages/equipe/{stranger.pk}/", {"roles": ["manager"]})
    assert not Membership.objects.filter(user=stranger, pizzeria_id=shop.id).exists()


def test_the_last_manager_stays(shop, manager):
    with schema_context("public"):
        managers = Membership.objects.filter(pizzeria_id=shop.id, role=Role.MANAGER)
        last, *others = managers
        for other in others:
            other.delete()
    answer = manager.post(f"/gestion/reglages/equipe/{last.user_id}/", {}, follow=True)
    if answer.status_code == 200:
        assert "au moins un responsable" in answer.content.decode()
    assert Membership.objects.filter(pk=last.pk).exists()
