"""The stand-in against the installed SDK's own types: an upgrade of the SDK says here what changed."""

import importlib
import types
import typing
from typing import Any, ForwardRef, Literal, NotRequired, Union, get_args, get_origin

import pytest
import requests
import stripe
from stripe._list_object import ListObject
from stripe._request_options import RequestOptions
from stripe._stripe_object import StripeObject, UntypedStripeObject
from typing_extensions import is_typeddict

from stripe_stand_in.objects import API_VERSION
from stripe_stand_in.parameters import ACCEPTED, BOOLEAN, INTEGER, METADATA, TEXT, TEXTS

CLASSES = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "event": stripe.Event,
    "balance_transaction": stripe.BalanceTransaction,
    "payout": stripe.Payout,
}
PARAMETERS = {
    name: f"{kind.rpartition('.')[2].title().replace('_', '')}{verb.title()}Params"
    for name in ACCEPTED
    for kind, verb in [name.rsplit(".", 1)]
}


def faults(value: Any, kind: Any, path: str) -> list[str]:
    """What an answer says that the SDK's annotation `kind` does not allow."""
    if kind is Any:
        return []
    if isinstance(kind, ForwardRef):
        kind = getattr(stripe, kind.__forward_arg__, None)
        if kind is None:  # a resource that the stand-in never shows
            return [f"{path}: {value!r} is of an unknown class"]
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        outcomes = [faults(value, one, path) for one in get_args(kind)]
        return min(outcomes, key=len)
    if origin is Literal:
        return [] if value in get_args(kind) else [f"{path}: {value!r} is none of {get_args(kind)}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [fault for part in value for fault in faults(part, get_args(kind)[0], path)]
    if origin in (UntypedStripeObject, ListObject):
        return [] if isinstance(value, dict) else [f"{path}: {value!r} is no object"]
    if kind is type(None):
        return [] if value is None else [f"{path}: {value!r} is not null"]
    if isinstance(kind, type) and issubclass(kind, StripeObject):
        return shape_faults(value, kind, path) if isinstance(value, dict) else [f"{path}: {value!r} is no {kind}"]
    exact = type(value) is kind  # a boolean is no integer here
    return [] if exact else [f"{path}: {value!r} is no {kind}"]


def shape_faults(answer: dict[str, Any], cls: type, path: str) -> list[str]:
    known = {name: kind for name, kind in cls.__annotations__.items() if name != "OBJECT_NAME"}
    found = [f"{path}.{name}: unknown to the SDK" for name in answer.keys() - known.keys()]
    for name, kind in known.items():
        if name in answer:
            found += faults(answer[name], kind, f"{path}.{name}")
        elif type(None) not in get_args(kind):
            found.append(f"{path}.{name}: missing")
    return found


@pytest.fixture
def lived(stand):
    """A stand-in in which everything has happened once."""
    stand.session()
    stand.sdk.v1.checkout.sessions.expire(stand.session().id)
    for card in ("refused", "challenged"):
        session = stand.session()
        requests.post(session.url, {"card": card}, allow_redirects=False, timeout=10)
    stand.held()
    stand.sdk.v1.payment_intents.cancel(stand.held().id, {"cancellation_reason": "requested_by_customer"})
    stand.sdk.v1.payment_intents.capture(stand.held().id, {"amount_to_capture": 900})
    stand.sdk.v1.refunds.create({"payment_intent": stand.taken().id, "amount": 300, "metadata": {"refund": "1"}})
    stand.pull("refunds", status="pending")
    stand.sdk.v1.refunds.create({"payment_intent": stand.taken().id})
    stand.pull("refunds", status="failed")
    stand.pull("clock", advance=3 * 24 * 3600)
    return stand


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_what_it_answers_is_what_the_sdk_expects(lived, kind):
    things = lived.pull("objects", kind=kind)
    assert things
    assert [fault for thing in things for fault in shape_faults(thing, CLASSES[kind], kind)] == []


def test_the_check_sees_what_is_wrong():
    things = {"id": 3, "object": "refund", "invented": None, "status": "succeeded"}
    found = " ".join(shape_faults(things, stripe.Refund, "refund"))
    assert "refund.invented: unknown" in found
    assert "refund.id: 3 is no" in found
    assert "refund.amount: missing" in found


def parameters_of(name: str) -> Any:
    kind, verb = name.rsplit(".", 1)
    module = f"stripe.params.checkout._session_{verb}_params" if kind == "checkout.session" else ""
    module = module or f"stripe.params._{kind}_{verb}_params"
    return importlib.import_module(module)


def hints(cls: Any, module: Any) -> dict[str, Any]:
    """Of its own parameters: the options of a request (key, retries) are the SDK's business."""
    own = {name: kind for name, kind in cls.__annotations__.items() if name not in RequestOptions.__annotations__}
    return typing.get_type_hints(type("Own", (), {"__annotations__": own}), vars(stripe) | vars(module))


def candidates(kind: Any) -> list[Any]:
    """The kinds that a parameter may have, whatever they are wrapped in."""
    if get_origin(kind) in (Union, types.UnionType, NotRequired):
        return [found for one in get_args(kind) for found in candidates(one)]
    return [kind]


def refused_by_the_sdk(accepted: dict[str, Any], cls: Any, module: Any, path: str) -> list[str]:
    known, found = hints(cls, module), []
    for name, kind in accepted.items():
        here = f"{path}.{name}"
        if name not in known:
            found.append(f"{here}: the SDK has no such parameter")
            continue
        kinds = candidates(known[name])
        nested = [one for one in kinds if is_typeddict(one)]
        lists = [get_args(one)[0] for one in kinds if get_origin(one) is list]
        if isinstance(kind, dict):
            found += refused_by_the_sdk(kind, nested[0], module, here) if nested else [f"{here}: no object"]
        elif isinstance(kind, list):
            found += refused_by_the_sdk(kind[0], lists[0], module, here) if lists else [f"{here}: no list"]
        elif not {
            INTEGER: int in kinds,
            BOOLEAN: bool in kinds,
            TEXT: str in kinds or any(get_origin(one) is Literal for one in kinds),
            TEXTS: bool(lists),
            METADATA: any(get_origin(one) is dict for one in kinds),
        }[kind]:
            found.append(f"{here}: {kind}, the SDK says {known[name]}")
    return found


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_every_parameter_it_takes_is_one_of_the_sdks(name):
    module = parameters_of(name)
    assert refused_by_the_sdk(ACCEPTED[name], getattr(module, PARAMETERS[name]), module, name) == []


def test_a_parameter_that_the_sdk_no_longer_has_is_refused(stand):
    """`payment_method_types` left the API with version 2026-09-30; `allowed_payment_method_types` came instead."""
    module = parameters_of("checkout.session.create")
    accepted = {"payment_method_types": TEXTS, "allowed_payment_method_types": TEXTS}
    cls = module.SessionCreateParams
    assert refused_by_the_sdk(accepted, cls, module, "create") == [
        "create.payment_method_types: the SDK has no such parameter"
    ]
    with pytest.raises(stripe.InvalidRequestError, match="payment_method_types"):
        stand.session(payment_method_types=["card"])


def test_it_speaks_the_version_of_the_sdk():
    assert stripe.api_version in (None, API_VERSION)
    assert stripe._api_version._ApiVersion.CURRENT == API_VERSION
