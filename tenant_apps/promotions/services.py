"""Making promotional codes, and using one exactly as often as it may be."""

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from shared_apps.accounts.models import AuditEntry
from shared_apps.core.errors import RuleError
from shared_apps.core.money import euros
from tenant_apps.promotions.models import Voucher

GUARD = "(uses_limit IS NULL OR uses < uses_limit)"


class NotValid(RuleError):
    """No such code in this shop, not yet or no longer valid, used up, or the basket is too small for it."""


class CodeTaken(RuleError):
    """The shop has a code of this name."""

    def __init__(self) -> None:
        super().__init__(_("This pizzeria already has a code of this name."))


def spelled(code: str) -> str:
    """However it is typed: « bien venue » is « BIENVENUE »."""
    return "".join(code.upper().split())[:20]


def check(*, code: str, items_cents: int, now: dt.datetime) -> Voucher:
    """The voucher, when it may be used on these items now. Raises NotValid."""
    found = Voucher.objects.filter(code=spelled(code), withdrawn_at=None).first()
    if found is None:
        raise NotValid(_("This pizzeria has no code of this name."))
    today = timezone.localdate(now)
    if today < found.first_date:
        raise NotValid(_("This code begins on %(date)s.") % {"date": date_format(found.first_date)})
    if today > found.last_date:
        raise NotValid(_("This code ended on %(date)s.") % {"date": date_format(found.last_date)})
    if found.uses_limit is not None and found.uses >= found.uses_limit:
        raise NotValid(_("This code was used as often as it may be."))
    check_minimum(voucher=found, items_cents=items_cents)
    return found


def check_minimum(*, voucher: Voucher, items_cents: int) -> None:
    """Raises NotValid."""
    if items_cents < voucher.minimum_cents:
        raise NotValid(_("The code %(code)s starts at %(minimum)s of order.")
                       % {"code": voucher.code, "minimum": euros(voucher.minimum_cents)})  # fmt: skip


def use(*, voucher_id: int) -> None:
    """Once more: one guarded statement, so that the last use has one winner. Raises NotValid."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE promotions_voucher SET uses = uses + 1 WHERE id = %s AND withdrawn_at IS NULL AND {GUARD}",
            [voucher_id],
        )
        if not cursor.rowcount:
            raise NotValid(_("This code was used as often as it may be."))


def give_back(*, voucher_id: int) -> None:
    """The order was cancelled: somebody else may use it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE promotions_voucher SET uses = uses - 1 WHERE id = %s", [voucher_id])


def create(
    *,
    pizzeria_id: int,
    code: str,
    label: str,
    percent: int | None,
    amount_cents: int | None,
    minimum_cents: int,
    first_date: dt.date,
    last_date: dt.date,
    uses_limit: int | None,
    user_id: int | None,
    now: dt.datetime,
    by_head_office: bool = False,
) -> Voucher:
    """Kept in the history of settings. Raises CodeTaken."""
    try:
        with transaction.atomic():
            made = Voucher.objects.create(
                code=spelled(code),
                label=label.strip()[:80],
                percent=percent,
                amount_cents=amount_cents,
                minimum_cents=minimum_cents,
                first_date=first_date,
                last_date=last_date,
                uses_limit=uses_limit,
                created_at=now,
                created_by_id=user_id,
                by_head_office=by_head_office,
            )
            after = {"percent": percent, "amount_cents": amount_cents, "uses_limit": uses_limit}
            _keep(pizzeria_id, user_id, made, {}, after)
    except IntegrityError as error:
        if "code" not in str(error):
            raise
        raise CodeTaken from None
    return made


@transaction.atomic
def withdraw(*, pizzeria_id: int, voucher_id: int, user_id: int | None, now: dt.datetime) -> None:
    """No order more; those that used it keep it."""
    voucher = Voucher.objects.select_for_update().filter(pk=voucher_id, withdrawn_at=None).first()
    if voucher:
        voucher.withdrawn_at = now
        voucher.save(update_fields=["withdrawn_at"])
        _keep(pizzeria_id, user_id, voucher, {"withdrawn": False}, {"withdrawn": True})


def _keep(
    pizzeria_id: int, user_id: int | None, voucher: Voucher, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    AuditEntry.objects.create(
        actor_id=user_id,
        pizzeria_id=pizzeria_id,
        act="voucher",
        subject=voucher.code,
        before=dict(before),
        after=dict(after),
    )
