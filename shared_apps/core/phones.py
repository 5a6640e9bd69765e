"""Phone numbers: any usual French writing in, E.164 kept, spaced pairs shown."""

import phonenumbers
from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import RuleError

FRANCE = 33
WANTED = _("Enter a phone number, such as 06 12 34 56 78.")


class WrongPhone(RuleError):
    """Not a number one could call."""

    def __init__(self) -> None:
        super().__init__(WANTED)


def parse(text: str) -> str:
    """`06.12.34.56.78` becomes `+33612345678`. Raises WrongPhone."""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        raise WrongPhone from None
    is_short = number.country_code == FRANCE and len(str(number.national_number)) != 9
    if is_short or not phonenumbers.is_possible_number(number):
        raise WrongPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(number: str) -> str:
    """`+33612345678` becomes `06 12 34 56 78`."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    national = parsed.country_code == FRANCE
    style = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style).replace(" ", "\u00a0")
