import pytest

from shared_apps.core import phones


@pytest.mark.parametrize(
    "written",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06/12/34/56/78",
        "06\u00a012\u00a034\u00a056\u00a078",
        "  06 12 34 56 78  ",
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "0033 6 12 34 56 78",
    ],
)
def test_any_usual_french_writing_is_kept_as_e164(written):
    assert phones.parse(written) == "+33612345678"


def test_a_foreign_number_keeps_its_country():
    assert phones.parse("+32 470 12 34 56") == "+32470123456"


@pytest.mark.parametrize("written", ["", "   ", "abc", "15", "3631", "06 12 34 56", "06 12 34 56 78 9", "+1234"])
def test_what_nobody_could_call_is_refused_in_words(written):
    with pytest.raises(phones.WrongPhone) as refusal:
        phones.parse(written)
    assert "06 12 34 56 78" in str(refusal.value)


@pytest.mark.parametrize("written", ["061234567", "0000000000"])
def test_a_number_with_a_digit_missing_is_refused(written):
    with pytest.raises(phones.WrongPhone):
        phones.parse(written)


def test_a_french_number_is_shown_in_pairs_that_never_break():
    assert phones.shown("+33612345678") == "06\u00a012\u00a034\u00a056\u00a078"


def test_a_foreign_number_is_shown_with_its_country():
    assert phones.shown("+32470123456") == "+32\u00a0470\u00a012\u00a034\u00a056"


def test_what_is_no_number_is_shown_as_it_is():
    assert phones.shown("inconnu") == "inconnu"


@pytest.mark.parametrize("number", ["+33612345678", "+33320123456", "+32470123456"])
def test_what_is_shown_can_be_typed_again(number):
    assert phones.parse(phones.shown(number)) == number
