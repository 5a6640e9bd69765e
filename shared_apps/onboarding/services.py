"""Opening, suspending and resuming a pizzeria."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context

from shared_apps.accounts import services as accounts
from shared_apps.accounts.models import Membership, Role
from shared_apps.core.errors import RuleError
from shared_apps.onboarding import addresses, auditing
from shared_apps.onboarding.plans import Plan
from shared_apps.sales.models import OPEN_STATES, OrderSummary
from tenant_apps.orders.lifecycle import State
from tenant_apps.shop.models import OpeningRange, ShopSettings
from tenant_apps.shop.public_holidays import Region
from tenant_apps.stock.services import opening
from tenant_apps.stock.services.movements import Where
from tenants import hosts, schemas
from tenants.models import Domain, Pizzeria, schema_name_for


@dataclass(frozen=True, slots=True)
class Opened:
    pizzeria: Pizzeria
    done: tuple[str, ...]  # what this run made, in words; nothing when all was there


@transaction.atomic
def open_pizzeria(*, plan: Plan) -> Opened:
    """Makes the shop, or completes what it lacks: all of it or nothing. Raises WrongAddress, AddressTaken."""
    done: list[str] = []
    pizzeria = Pizzeria.objects.filter(slug=plan.slug).first()
    if pizzeria is None:
        addresses.check_free(slug=plan.slug, pizzeria=None)
        pizzeria = _new(plan)
        done.append("schéma, horaires, zone et stock" if plan.with_stock else "schéma, horaires et zone")
    if not Domain.objects.filter(domain=pizzeria.host).exists():
        Domain.objects.create(tenant=pizzeria, domain=pizzeria.host, is_primary=True)
        done.append("adresse web")
    if _invite_manager(pizzeria, plan.manager):
        done.append("invitation du responsable")
    hosts.forget()
    return Opened(pizzeria, tuple(done))


def _new(plan: Plan) -> Pizzeria:
    pizzeria = Pizzeria.objects.create(
        schema_name=schema_name_for(plan.slug),
        slug=plan.slug,
        name=plan.name,
        street=plan.street,
        postcode=plan.postcode,
        city=plan.city,
        latitude=plan.latitude,
        longitude=plan.longitude,
        phone=plan.phone,
        **plan.legal,
    )
    schemas.create(schema_name=pizzeria.schema_name)
    with schema_context(pizzeria.schema_name):
        now, region = timezone.now(), Region.of(plan.postcode)
        shop_settings = ShopSettings.objects.create(delivery_radius_m=plan.delivery_radius_m, holiday_region=region)
        OpeningRange.objects.bulk_create(
            OpeningRange(weekday=weekday, opens=opens, closes=closes) for weekday, opens, closes in plan.hours
        )
        opening.open_stock(pizzeria_id=pizzeria.pk, filled=plan.with_stock, now=now)
        if plan.with_suppliers:
            where = Where(pizzeria.pk, pizzeria.schema_name)
            opening.open_suppliers(where=where, days_ahead=shop_settings.days_ahead, now=now)
    return pizzeria


def _invite_manager(pizzeria: Pizzeria, email: str) -> bool:
    """Whether they are invited now; in this transaction: a rollback invites nobody."""
    held = Membership.objects.filter(pizzeria=pizzeria, role=Role.MANAGER, user__email=email)
    if held.exists():
        return False
    accounts.invite_member(email=email, name="", roles=[Role.MANAGER], pizzeria_id=pizzeria.pk, by_id=None)
    return True


class OrdersStillOpen(RuleError):
    """The shop cannot be suspended: customers are waiting for their orders."""

    def __init__(self, count: int) -> None:
        super().__init__(_("%(count)s orders are still open in this pizzeria.") % {"count": count})


@transaction.atomic
def suspend(*, pizzeria: Pizzeria) -> None:
    """The shop's site answers 503 from now on. Raises OrdersStillOpen.

    `stop_orders` comes first, committed: an order placed while they are counted would wait in a shop that is away.
    """
    # One that awaits its payment is accepted when it comes, and given up within ONLINE_PAYMENT_MINUTES when it does not.
    waiting = (*OPEN_STATES, State.AWAITING_PAYMENT)
    open_orders = OrderSummary.objects.filter(pizzeria=pizzeria, state__in=waiting).count()
    if open_orders:
        raise OrdersStillOpen(open_orders)
    _set_state(pizzeria, Pizzeria.State.SUSPENDED, act="suspended")


def stop_orders(*, pizzeria: Pizzeria) -> bool:
    """No new order while those that are open are served; returns whether the shop took orders until now."""
    with schema_context(pizzeria.schema_name):
        return bool(ShopSettings.objects.filter(takes_orders=True).update(takes_orders=False))


def take_orders_again(*, pizzeria: Pizzeria) -> None:
    with schema_context(pizzeria.schema_name):
        ShopSettings.objects.update(takes_orders=True)


@transaction.atomic
def resume(*, pizzeria: Pizzeria) -> None:
    with schema_context(pizzeria.schema_name):
        ShopSettings.objects.update(takes_orders=True)
    _set_state(pizzeria, Pizzeria.State.TRADING, act="resumed")


def _set_state(pizzeria: Pizzeria, state: Pizzeria.State, *, act: str) -> None:
    before, pizzeria.state = pizzeria.state, state
    with transaction.atomic():
        pizzeria.save(update_fields=["state"])
        auditing.record(pizzeria=pizzeria, act=act, before={"state": before}, after={"state": state})
    hosts.forget()
