"""Codes, tokens and PINs: how they are made, compared and refused. No database."""

import hashlib
import itertools
import re
import secrets

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is read for another
CODE_LENGTH = 8
PIN_LENGTHS = range(4, 7)


class WeakPin(RuleError):
    """One that somebody tries first, or that is none."""

    def __init__(self) -> None:
        super().__init__(_("A PIN has 4 to 6 digits, neither all the same nor one after the other."))


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _position in range(CODE_LENGTH))


def spoken(code: str) -> str:
    """« ABCD-EFGH », as it is read out."""
    return f"{code[:4]}-{code[4:]}"


def token_digest(token: str) -> str:
    """Of 256 random bits: nobody tries them all."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_digest(code: str, *, scope: str) -> str:
    return _keyed("code", re.sub(r"[\s-]", "", code).upper(), scope)


def pin_digest(pin: str, *, scope: str) -> str:
    """With the server's key, since a million digits are quickly tried by whoever has only the table; per shop (`scope`)."""
    return _keyed("pin", pin, scope)


def _keyed(kind: str, secret: str, scope: str) -> str:
    return salted_hmac(f"devices.{kind}.{scope}", secret, algorithm="sha256").hexdigest()


def check_pin(pin: str) -> None:
    """Raises WeakPin."""
    if len(pin) not in PIN_LENGTHS or not (pin.isascii() and pin.isdecimal()):
        raise WeakPin
    steps = {int(second) - int(first) for first, second in itertools.pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise WeakPin
