import datetime as dt
from pathlib import Path

import pytest

from shared_apps.onboarding import plans
from shared_apps.onboarding.addresses import RESERVED
from shared_apps.onboarding.plans import InvalidPlans

pytestmark = pytest.mark.django_db
GOOD = {
    "name": "OC Pizza Lambersart",
    "slug": "lambersart",
    "address": "12 avenue de Dunkerque, 59130 Lambersart",
    "phone": "03 20 12 34 56",
    "manager": "Marie.Dupont@ocpizza.example",
}


def problems(*entries: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidPlans) as refusal:
        plans.check(list(entries))
    assert str(refusal.value) == "\n".join(refusal.value.problems)
    return refusal.value.problems


def only_problem(**changes: object) -> str:
    (problem,) = problems(GOOD | changes)
    return problem


def written(folder: Path, content: str) -> Path:
    path = folder / "ouvertures.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_good_entry_becomes_a_plan():
    (plan,) = plans.check([GOOD])
    assert (plan.name, plan.slug) == ("OC Pizza Lambersart", "lambersart")
    assert (plan.street, plan.postcode, plan.city) == ("12 avenue de Dunkerque", "59130", "Lambersart")
    assert (plan.latitude, plan.longitude) == (pytest.approx(50.65, abs=0.02), pytest.approx(3.03, abs=0.02))
    assert plan.phone == "+33320123456"
    assert plan.manager == "marie.dupont@ocpizza.example"
    assert plan.delivery_radius_m == 5000
    assert plan.with_stock


def test_usual_hours_are_given_when_none_are_asked_for():
    (plan,) = plans.check([GOOD])
    assert {weekday for weekday, _opens, _closes in plan.hours} == set(range(7))
    assert (4, dt.time(18), dt.time(23)) in plan.hours
    assert (0, dt.time(11, 30), dt.time(14)) in plan.hours


def test_everything_may_be_chosen():
    (plan,) = plans.check(
        [
            GOOD
            | {
                "latitude": 50.651,
                "longitude": 3.029,
                "delivery_radius_km": 3.5,
                "hours": ["sam-lun 18:00-2:00", "mer 11:30-14:00 18:00-22:00"],
                "opening_stock": "empty",
                "legal_name": "Pizza du Nord SARL",
                "siret": "123 456 789 00012",
                "vat_number": "FR12 123456789",
            }
        ]
    )
    assert (plan.latitude, plan.longitude, plan.delivery_radius_m) == (50.651, 3.029, 3500)
    assert plan.hours == (
        (0, dt.time(18), dt.time(2)),
        (2, dt.time(11, 30), dt.time(14)),
        (2, dt.time(18), dt.time(22)),
        (5, dt.time(18), dt.time(2)),
        (6, dt.time(18), dt.time(2)),
    )
    assert not plan.with_stock
    assert plan.legal == {
        "legal_name": "Pizza du Nord SARL",
        "siret": "12345678900012",
        "vat_number": "FR12123456789",
    }


def test_a_slug_that_another_pizzeria_has_is_taken():
    assert "« nation » est déjà pris par « OC Pizza Nation »" in only_problem(slug="nation")


def test_the_slug_of_the_same_pizzeria_is_not_taken():
    (plan,) = plans.check([GOOD | {"slug": "nation", "name": "OC Pizza Nation"}])
    assert plan.slug == "nation"


@pytest.mark.parametrize("slug", sorted(RESERVED))
def test_a_reserved_slug_is_refused(slug):
    assert f"le slug « {slug} » est réservé" in only_problem(slug=slug)


@pytest.mark.parametrize("slug", ["www", "admin", "live", "siege", "static"])
def test_hosts_that_the_group_uses_are_reserved(slug):
    assert slug in RESERVED


@pytest.mark.parametrize(
    "slug",
    ["Lille", "-lille", "lille-", "lille_centre", "lille.centre", "lille centre", "hellemmes-été", "a" * 31, "a\n"],
)
def test_a_slug_that_is_no_host_label_is_refused(slug):
    assert "n'est pas un nom d'hôte" in only_problem(slug=slug)


@pytest.mark.parametrize("slug", ["a", "9", "lille-centre", "lille--centre", "a" * 30])
def test_a_host_label_is_accepted(slug):
    assert plans.check([GOOD | {"slug": slug}])[0].slug == slug


@pytest.mark.parametrize("manager", ["marie", "marie@", "@ocpizza.example", "marie dupont@ocpizza.example", "a@b"])
def test_a_bad_e_mail_is_refused(manager):
    assert only_problem(manager=manager) == f"lambersart : « {manager} » n'est pas une adresse e-mail."


@pytest.mark.parametrize("phone", ["12", "abc", "03 20 12 34", "+33"])
def test_a_phone_that_nobody_could_call_is_refused(phone):
    assert only_problem(phone=phone) == f"lambersart : « {phone} » n'est pas un numéro de téléphone."


@pytest.mark.parametrize("place", ["00000 Nullepart", "99999 Lille", "59130 Atlantis"])
def test_an_unknown_postcode_or_commune_is_refused(place):
    assert f"adresse « {place} »" in only_problem(address=f"12 avenue de Dunkerque, {place}")


@pytest.mark.parametrize("address", ["12 avenue de Dunkerque", "59130 Lambersart", "avenue de Dunkerque 59130"])
def test_an_address_without_its_parts_is_refused_with_an_example(address):
    assert "l'adresse s'écrit « 12 rue des Lilas, 59000 Lille »" in only_problem(address=address)


@pytest.mark.parametrize("key", plans.MANDATORY)
@pytest.mark.parametrize("value", ["", "   "])
def test_what_is_mandatory_and_empty_is_missing(key, value):
    assert only_problem(**{key: value}).endswith(f": « {key} » manque.")


def test_a_word_that_we_do_not_know_is_refused():
    assert only_problem(adresse="12 rue des Lilas") == "lambersart : « adresse » est inconnu."


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("hours", ["lundi 18h-22h"], "horaire « lundi 18h-22h »"),
        ("hours", ["lun 25:00-26:00"], "horaire « lun 25:00-26:00 »"),
        ("hours", ["foo 18:00-22:00"], "horaire « foo 18:00-22:00 »"),
        ("hours", ["lun"], "horaire « lun »"),
        ("hours", 12, "hours est une liste"),
        ("delivery_radius_km", 0, "de 0.5 à 30"),
        ("delivery_radius_km", 31, "de 0.5 à 30"),
        ("delivery_radius_km", "cinq", "de 0.5 à 30"),
        ("delivery_radius_km", True, "de 0.5 à 30"),
        ("opening_stock", "plein", "standard"),
        ("latitude", 91, "degrés décimaux"),
        ("longitude", "3,06", "degrés décimaux"),
        ("siret", "123", "un SIRET a 14 chiffres"),
        ("vat_number", "BE0123456789", "numéro de TVA"),
    ],
)
def test_what_may_be_chosen_is_checked_too(key, value, words):
    assert words in only_problem(**{key: value})


def test_all_the_problems_of_an_entry_are_told_at_once():
    found = problems(
        GOOD
        | {
            "slug": "www",
            "address": "12 avenue de Dunkerque, 00000 Nullepart",
            "phone": "12",
            "manager": "marie",
            "hours": ["toujours"],
            "siret": "1",
        }
    )
    assert len(found) == 6
    assert all(problem.startswith("www : ") and problem.endswith(".") for problem in found)


def test_all_the_problems_of_all_the_entries_are_told_at_once():
    found = problems(GOOD | {"manager": "marie"}, GOOD | {"slug": "nation"}, GOOD | {"slug": "croix", "name": ""}, GOOD)
    assert [problem.partition(" : ")[0] for problem in found] == ["lambersart", "nation", "croix", "lambersart"]
    assert found[-1] == "lambersart : ce slug apparaît deux fois."


def test_an_entry_without_anything_says_all_that_it_lacks():
    found = problems({})
    assert [problem.partition(" : ")[2] for problem in found] == [f"« {key} » manque." for key in plans.MANDATORY]


def test_twice_the_same_slug_is_told_once():
    assert problems(GOOD, GOOD, GOOD) == ["lambersart : ce slug apparaît deux fois."]


def test_two_entries_without_a_slug_do_not_have_the_same_one():
    assert not [problem for problem in problems(GOOD | {"slug": ""}, GOOD | {"slug": ""}) if "deux fois" in problem]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("name", "P" * 81, id="a name over 80 characters"),
        pytest.param("address", f"{'1' * 121} rue, 59130 Lambersart", id="a street over 120 characters"),
        pytest.param("legal_name", "P" * 121, id="a legal name over 120 characters"),
        pytest.param("hours", ["lun 18:00-22:00", "lun-mar 18:00-23:00"], id="two ranges that open at one time"),
    ],
)
def test_what_the_database_would_refuse_is_refused_before(key, value):
    assert only_problem(**{key: value})


def test_a_file_has_a_section_per_pizzeria(tmp_path):
    path = written(
        tmp_path,
        """
        [[pizzeria]]
        name = "OC Pizza Lambersart"
        slug = "lambersart"
        address = "12 avenue de Dunkerque, 59130 Lambersart"
        phone = "03 20 12 34 56"
        manager = "marie@ocpizza.example"

        [[pizzeria]]
        name = "OC Pizza Roubaix"
        slug = "roubaix"
        address = "1 Grand'Place, 59100 Roubaix"
        phone = "03 20 65 43 21"
        manager = "paul@ocpizza.example"
        hours = ["lun-dim 18:00-23:00"]
        """,
    )
    assert [plan.slug for plan in plans.read_file(path)] == ["lambersart", "roubaix"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[pizzeria]\nname = ", "ce n'est pas du TOML valide"),
        ('[[pizzeria]]\nname = "a"\nname = "b"', "ce n'est pas du TOML valide"),
        ("", "aucune section [[pizzeria]]"),
        ("[[restaurant]]\n", "aucune section [[pizzeria]]"),
        ('[pizzeria]\nname = "OC Pizza"', "aucune section [[pizzeria]]"),
        ("pizzeria = []", "aucune section [[pizzeria]]"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_its_name(tmp_path, content, words):
    path = written(tmp_path, content)
    with pytest.raises(InvalidPlans) as refusal:
        plans.read_file(path)
    (problem,) = refusal.value.problems
    assert problem.startswith(f"{path} : ")
    assert words in problem


def test_a_file_whose_entries_are_no_tables_is_refused(tmp_path):
    with pytest.raises(InvalidPlans):
        plans.read_file(written(tmp_path, 'pizzeria = ["lambersart"]'))


def test_malformed_toml_says_where(tmp_path):
    with pytest.raises(InvalidPlans, match="line 2"):
        plans.read_file(written(tmp_path, '[[pizzeria]]\nname = "OC Pizza\n'))


def test_a_file_that_does_not_exist_or_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InvalidPlans, match="n'existe pas"):
        plans.read_file(tmp_path / "absent.toml")
    with pytest.raises(InvalidPlans, match="illisible"):
        plans.read_file(tmp_path)
    (tmp_path / "latin.toml").write_bytes("name = 'été'".encode("latin-1"))
    with pytest.raises(InvalidPlans, match="illisible"):
        plans.read_file(tmp_path / "latin.toml")
