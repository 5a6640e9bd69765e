"""Refunds, up to what was captured; and the payouts to the bank that reconciliation compares with."""

from typing import Any

from stripe_stand_in import objects
from stripe_stand_in.errors import StripeError
from stripe_stand_in.objects import Object
from stripe_stand_in.parameters import required
from stripe_stand_in.world import World


def create(world: World, parameters: dict[str, Any]) -> Object:
    charge = _charge(world, parameters)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = parameters.get("amount", left)
    if left <= 0:
        raise StripeError(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeError(
            400,
            f"Refund amount (€{amount / 100:.2f}) is greater than unrefunded amount on charge (€{left / 100:.2f})",
            param="amount",
        )
    status = world.refund_status
    refund = world.add(
        objects.refund(created=world.now(), charge=charge, amount=amount, parameters=parameters, status=status)
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    if status == "succeeded":
        _give_back(world, refund)
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charge)
    return refund


def _charge(world: World, parameters: dict[str, Any]) -> Object:
    if "charge" in parameters:
        return world.get("charge", parameters["charge"])
    intent = world.get("payment_intent", required(parameters, "payment_intent"))
    if intent["status"] != "succeeded":
        raise StripeError(400, "This PaymentIntent does not have a successful charge to refund.")
    return world.get("charge", intent["latest_charge"])


def _give_back(world: World, refund: Object) -> None:
    now = world.now()
    line = objects.balance_transaction(
        created=now, kind="refund", amount=-refund["amount"], fee=0, source=refund["id"], available_on=now
    )
    refund["balance_transaction"] = world.add(line)["id"]


def settle(world: World, *, succeeded: bool) -> None:
    """What the bank says, later, of the refunds that it had not decided."""
    for refund in list(world.tables["refund"].values()):
        if refund["status"] != "pending":
            continue
        refund["status"] = "succeeded" if succeeded else "failed"
        if succeeded:
            _give_back(world, refund)
        else:
            refund["failure_reason"] = "lost_or_stolen_card"
            charge = world.get("charge", refund["charge"])
            charge.update(amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
            world.emit("refund.failed", refund)
        world.emit("refund.updated", refund)


def pay_out(world: World) -> bool:
    """What is available and not yet paid out goes to the bank in one payout."""
    lines = [
        line
        for line in world.tables["balance_transaction"].values()
        if line["type"] != "payout" and line["id"] not in world.payouts and line["available_on"] <= world.now()
    ]
    net = sum(line["net"] for line in lines)
    if net <= 0:
        return False
    payout = world.add(objects.payout(created=world.now(), amount=net))
    for line in lines:
        line["status"] = "available"
        world.payouts[line["id"]] = payout["id"]
    out = objects.balance_transaction(
        created=world.now(), kind="payout", amount=-net, fee=0, source=payout["id"], available_on=world.now()
    )
    payout["balance_transaction"] = world.add(out)["id"]
    world.payouts[out["id"]] = payout["id"]
    world.emit("payout.paid", payout)
    return True
