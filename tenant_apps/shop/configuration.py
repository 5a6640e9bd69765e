"""What a manager changes of the shop. Each change keeps who, when, before and after (`accounts.AuditEntry`)."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from shared_apps.accounts.models import AuditEntry
from shared_apps.catalogue.models import Variant
from shared_apps.live import hints
from tenant_apps.shop.hours import Ranges, written
from tenant_apps.shop.models import Closure, LocalOffer, OpeningRange, ShopSettings, SpecialRange
from tenants.hosts import Shop

DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
Values = dict[str, object]


def _keep(
    shop: Shop, user_id: int | None, act: str, subject: str, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    if before == after:
        return
    AuditEntry.objects.create(
        actor_id=user_id, pizzeria_id=shop.id, act=act, subject=subject, before=dict(before), after=dict(after)
    )


def _tell(shop: Shop) -> None:
    hints.changed(scope=shop.schema_name, topics=["orders", "settings"])


def _lock() -> ShopSettings:
    """One change of the shop at a time: the second tap of a button finds what the first one did."""
    return ShopSettings.objects.select_for_update().get()


@transaction.atomic
def change_settings(*, shop: Shop, values: Mapping[str, object], user_id: int | None) -> ShopSettings:
    """Sets fields of the settings; only those that differ are kept in the history."""
    settings = _lock()
    changed = {name: value for name, value in values.items() if getattr(settings, name) != value}
    before = {name: _in_history(getattr(settings, name)) for name in changed}
    for name, value in changed.items():
        setattr(settings, name, value)
    if changed:
        settings.save(update_fields=list(changed))
        _keep(shop, user_id, "settings", "", before, {name: _in_history(value) for name, value in changed.items()})
        _tell(shop)
    return settings


def _in_history(value: object) -> object:
    return value.isoformat("minutes") if isinstance(value, dt.time) else value


@transaction.atomic
def set_hours(*, shop: Shop, week: Sequence[Ranges], user_id: int | None) -> None:
    """The ranges of the seven days, Monday first. Orders already promised keep their time."""
    _lock()
    before = {DAYS[day]: written(ranges) for day, ranges in enumerate(weekly())}
    OpeningRange.objects.all().delete()
    OpeningRange.objects.bulk_create(
        OpeningRange(weekday=weekday, opens=opens, closes=closes)
        for weekday, ranges in enumerate(week)
        for opens, closes in ranges
    )
    _keep(shop, user_id, "hours", "", before, {DAYS[day]: written(ranges) for day, ranges in enumerate(week)})
    _tell(shop)


def weekly() -> list[list[tuple[dt.time, dt.time]]]:
    week: list[list[tuple[dt.time, dt.time]]] = [[] for _day in range(7)]
    for weekday, opens, closes in OpeningRange.objects.values_list("weekday", "opens", "closes"):
        week[weekday].append((opens, closes))
    return week


@transaction.atomic
def set_day(*, shop: Shop, day: dt.date, ranges: Ranges, reason: str, user_id: int | None) -> None:
    """Other hours on one day; closed all day when there are none."""
    _lock()
    before = _day(day)
    SpecialRange.objects.filter(day=day).delete()
    Closure.objects.filter(day=day).delete()
    if ranges:
        SpecialRange.objects.bulk_create(SpecialRange(day=day, opens=opens, closes=closes) for opens, closes in ranges)
    else:
        Closure.objects.create(day=day, reason=reason.strip()[:80])
    _keep(shop, user_id, "day", day.isoformat(), before, _day(day))
    _tell(shop)


@transaction.atomic
def forget_day(*, shop: Shop, day: dt.date, user_id: int | None) -> None:
    """The day has its usual hours again."""
    _lock()
    before = _day(day)
    SpecialRange.objects.filter(day=day).delete()
    Closure.objects.filter(day=day).delete()
    _keep(shop, user_id, "day", day.isoformat(), before, {})
    _tell(shop)


def _day(day: dt.date) -> Values:
    closure = Closure.objects.filter(day=day).first()
    if closure:
        return {"closed": closure.reason}
    hours = written(SpecialRange.objects.filter(day=day).values_list("opens", "closes"))
    return {"hours": hours} if hours else {}


@transaction.atomic
def set_offers(*, shop: Shop, offers: Mapping[int, tuple[int | None, bool]], user_id: int | None) -> int:
    """Variant id → (own price in cents or None, withdrawn); returns how many changed. Neither: the group's card."""
    _lock()
    kept = {offer.variant_id: (offer.price_cents, offer.withdrawn) for offer in LocalOffer.objects.all()}
    changed = {key: offer for key, offer in offers.items() if offer != kept.get(key, (None, False))}
    names = {
        variant.pk: str(variant) for variant in Variant.objects.select_related("product", "size").filter(pk__in=changed)
    }
    for key, (price_cents, withdrawn) in changed.items():
        if price_cents is None and not withdrawn:
            LocalOffer.objects.filter(variant_id=key).delete()
        else:
            LocalOffer.objects.update_or_create(
                variant_id=key, defaults={"price_cents": price_cents, "withdrawn": withdrawn}
            )
        _keep(
            shop, user_id, "offer", names[key], _offer(kept.get(key, (None, False))), _offer((price_cents, withdrawn))
        )
    if changed:
        _tell(shop)
    return len(changed)


def _offer(offer: tuple[int | None, bool]) -> Values:
    return {"price_cents": offer[0], "withdrawn": offer[1]}
