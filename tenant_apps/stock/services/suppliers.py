"""Who brings what, on which days: the usual deliveries that orders may count on without anybody asking."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.calendar import PARIS
from shared_apps.core.errors import RuleError
from tenant_apps.stock.models import Reception, StockLevel, Supplier, SupplierItem
from tenant_apps.stock.services import coverage, movements
from tenant_apps.stock.services.movements import Where

State = Reception.State


class NameTaken(RuleError):
    """Two suppliers of one name would be mistaken for each other."""

    def __init__(self) -> None:
        super().__init__(_("There is a supplier of this name already."))


@dataclass(frozen=True, slots=True)
class Terms:
    """How a supplier is reached and when it comes."""

    name: str
    delivers_by: dt.time  # of the day, in Paris, at the latest
    phone: str = ""  # E.164
    email: str = ""
    makes_it_here: bool = False
    weekdays: tuple[int, ...] = ()  # Monday is 0
    lead_days: int = 1
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Sold:
    """How an ingredient is sold: what a pack holds, in its unit, and how many come on each usual day."""

    pack: Decimal
    usual_packs: int


@transaction.atomic
def keep(
    *,
    where: Where,
    supplier_id: int | None,
    terms: Terms,
    items: Mapping[int, Sold],  # by ingredient id
    days_ahead: int,
    actor_id: int | None,
    now: dt.datetime,
) -> Supplier:
    """A supplier and all that it sells, made or changed; its usual deliveries to come follow. Raises NameTaken.

    An ingredient that another supplier sold is this one's from now on.
    """
    if Supplier.objects.filter(name=terms.name).exclude(pk=supplier_id or 0).exists():
        raise NameTaken
    supplier = Supplier.objects.select_for_update().get(pk=supplier_id) if supplier_id else Supplier()
    before = _words(supplier) if supplier_id else {}
    for name, value in asdict(terms).items():
        setattr(supplier, name, sorted(value) if name == "weekdays" else value)
    supplier.save()
    _write_items(supplier, items)
    _keep(where, supplier, actor_id, before)
    plan_usual(where=where, days_ahead=days_ahead, now=now, anew=supplier.pk)
    return supplier


def _write_items(supplier: Supplier, items: Mapping[int, Sold]) -> None:
    supplier.items.all().delete()
    SupplierItem.objects.filter(ingredient_id__in=items).delete()
    SupplierItem.objects.bulk_create(
        SupplierItem(supplier=supplier, ingredient_id=key, pack=sold.pack, usual_packs=sold.usual_packs)
        for key, sold in sorted(items.items())
    )


USUAL = """
    WITH made AS (
        INSERT INTO stock_reception (supplier_id, state, expected_at, usual_day, made_at, note)
        SELECT supplier.id, 'expected', day.expected_at, day.date, %(now)s, ''
        FROM unnest(%(suppliers)s::bigint[], %(moments)s::timestamptz[], %(days)s::date[]) AS day (supplier_id, expected_at, date)
        JOIN stock_supplier AS supplier ON supplier.id = day.supplier_id
        WHERE EXISTS (SELECT FROM stock_supplieritem AS item WHERE item.supplier_id = supplier.id AND item.usual_packs > 0)
        ON CONFLICT (supplier_id, usual_day) DO NOTHING RETURNING id, supplier_id
    )
    INSERT INTO stock_receptionline (reception_id, ingredient_id, expected, fault, lot)
    SELECT made.id, item.ingredient_id, item.pack * item.usual_packs, '', ''
    FROM made JOIN stock_supplieritem AS item ON item.supplier_id = made.supplier_id AND item.usual_packs > 0
"""


@transaction.atomic
def plan_usual(*, where: Where, days_ahead: int, now: dt.datetime, anew: int | None = None) -> None:
    """Expects the usual deliveries of the coming days; run again it finds them there.

    `anew` names the supplier whose terms changed: what was expected of its old ones is forgotten first, except where
    somebody has changed or cancelled a delivery by hand.
    """
    forgotten = _usual_to_come(anew, now)
    StockLevel.objects.bulk_create(
        [StockLevel(ingredient_id=key) for key in SupplierItem.objects.values_list("ingredient_id", flat=True)],
        ignore_conflicts=True,
    )
    known = set(StockLevel.objects.values_list("pk", flat=True))
    before = coverage.lock_levels(known)
    forgotten.delete()
    _expect_usual(days_ahead, now)
    movements.tell(where=where, before=before, after=coverage.settle(known, now=now), now=now)


def _usual_to_come(supplier_id: int | None, now: dt.datetime) -> QuerySet[Reception]:
    """Those of a supplier that nobody has touched."""
    return Reception.objects.filter(
        supplier_id=supplier_id or 0, state=State.EXPECTED, made_by=None, usual_day__isnull=False, expected_at__gt=now
    )


def _expect_usual(days_ahead: int, now: dt.datetime) -> None:
    today = now.astimezone(PARIS).date()
    coming = [today + dt.timedelta(days=ahead) for ahead in range(days_ahead + 2)]
    days = [
        (supplier.pk, moment, day)
        for supplier in Supplier.objects.filter(is_active=True).order_by("pk")
        for day in coming
        if day.weekday() in supplier.weekdays and (moment := _moment(supplier, day)) > now
    ]
    if days:
        keys, moments, dates = (list(column) for column in zip(*days, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(USUAL, {"now": now, "suppliers": keys, "moments": moments, "days": dates})


def _moment(supplier: Supplier, day: dt.date) -> dt.datetime:
    """When it has come at the latest."""
    return dt.datetime.combine(day, supplier.delivers_by, PARIS).astimezone(dt.UTC)


def _words(supplier: Supplier) -> dict[str, object]:
    items = supplier.items.select_related("ingredient")
    kept: dict[str, object] = {
        "phone": supplier.phone,
        "email": supplier.email,
        "weekdays": list(supplier.weekdays),
        "delivers_by": f"{supplier.delivers_by:%H:%M}",
        "lead_days": supplier.lead_days,
        "is_active": supplier.is_active,
    }
    return kept | {item.ingredient.name: f"{item.usual_packs} × {item.pack}" for item in items}


def _keep(where: Where, supplier: Supplier, actor_id: int | None, before: dict[str, object]) -> None:
    """What differs, for the history."""
    after = _words(supplier)
    names = [name for name in before | after if before.get(name) != after.get(name)]
    if names:
        AuditEntry.objects.create(
            actor_id=actor_id,
            pizzeria_id=where.pizzeria_id,
            act="supplier",
            subject=supplier.name,
            before={name: before[name] for name in names if name in before},
            after={name: after[name] for name in names if name in after},
        )
