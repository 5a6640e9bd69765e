"""The demonstration: five shops of the Lille conurbation with their staff, a customer and head office.

Development only: the passwords are public.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from shared_apps.accounts.models import Membership, Role, User
from shared_apps.core import addresses
from shared_apps.onboarding import plans, services
from tenants.models import Pizzeria

PASSWORD = "demo-ocpizza"  # noqa: S105  shown on the screen at every start
HOURS = ("lun-dim 04:00-04:00",)  # round the clock, so that a demonstration works at any hour
SHOPS: tuple[dict[str, object], ...] = (
    {"slug": "lille-centre", "name": "OC Pizza Lille Centre", "address": "18 rue de Béthune, 59000 Lille",
     "latitude": 50.6341, "longitude": 3.0619, "phone": "03 20 00 01 01"},
    {"slug": "roubaix", "name": "OC Pizza Roubaix", "address": "7 grand-place, 59100 Roubaix",
     "latitude": 50.6917, "longitude": 3.1746, "phone": "03 20 00 01 02"},
    {"slug": "tourcoing", "name": "OC Pizza Tourcoing", "address": "22 rue de Lille, 59200 Tourcoing",
     "latitude": 50.7226, "longitude": 3.1603, "phone": "03 20 00 01 03"},
    {"slug": "villeneuve", "name": "OC Pizza Villeneuve-d’Ascq",
     "address": "5 chaussée de l’Hôtel-de-Ville, 59650 Villeneuve-d’Ascq",
     "latitude": 50.6190, "longitude": 3.1297, "phone": "03 20 00 01 04"},
    {"slug": "armentieres", "name": "OC Pizza Armentières", "address": "9 rue de Dunkerque, 59280 Armentières",
     "latitude": 50.6870, "longitude": 2.8800, "phone": "03 20 00 01 05"},
)  # fmt: skip
STAFF = (
    (Role.MANAGER, "responsable", "Inès"),
    (Role.COUNTER, "comptoir", "Karim"),
    (Role.COOK, "cuisine", "Giulia"),
    (Role.DRIVER, "livreur", "Théo"),
    (Role.DRIVER, "livreur2", "Aya"),
    (Role.DRIVER, "livreur3", "Malik"),
    (Role.DRIVER, "livreur4", "Jeanne"),
)


# So that what is suggested has a past to be judged on: seven weeks used and brought, day by day, with weekends busier
# and luck. What came equals what was used, so the stock is what it would be without.
PAST = """
    WITH day AS (
        SELECT date, CASE WHEN extract(isodow FROM date) IN (5, 6) THEN 0.6 WHEN extract(isodow FROM date) = 7 THEN 0.45
                          ELSE 0.3 END AS share, 0.85 + 0.3 * random() AS luck
        FROM generate_series(current_date - 49, current_date - 1, interval '1 day') AS date
    ), used AS (
        SELECT ingredient.id, day.date,
            greatest(1, round((ingredient.par_quantity * day.share * day.luck * (0.9 + 0.2 * random()))::numeric)) AS quantity
        FROM catalogue_ingredient AS ingredient CROSS JOIN day
    )
    INSERT INTO stock_movement (ingredient_id, delta, reason, at, note, waste_reason)
    SELECT id, quantity, 'reception', (date + interval '10 hours') AT TIME ZONE 'Europe/Paris', %(note)s, '' FROM used
    UNION ALL
    SELECT id, -quantity, 'consumption', (date + interval '20 hours') AT TIME ZONE 'Europe/Paris', %(note)s, '' FROM used
"""
WITH_A_PAST = "lille-centre"


@dataclass(frozen=True, slots=True)
class Login:
    role: str
    email: str
    url: str


def prepare() -> list[Login]:
    """Makes what is missing of it and says who may sign in where. Safe to run again."""
    logins = [
        Login("siège", _user("siege@ocpizza.example", "Sophie", Role.HEAD_OFFICE, None), addresses.group_url("/siege/"))
    ]
    _user("client@ocpizza.example", "Camille Martin", None, None)
    for entry in SHOPS:
        logins += give_staff(_shop(entry))
    return logins


def give_staff(pizzeria: Pizzeria) -> list[Login]:
    """Somebody of each role, and four drivers."""
    return [
        Login(
            str(role.label).lower(),
            _user(f"{name}@{pizzeria.slug}.example", first_name, role, pizzeria),
            f"{pizzeria.url}/compte/connexion/",
        )
        for role, name, first_name in STAFF
    ]


def _shop(entry: dict[str, object]) -> Pizzeria:
    found = Pizzeria.objects.filter(slug=entry["slug"]).first()
    if found is not None:
        return found
    manager = f"responsable@{entry['slug']}.example"
    plan = plans.check([{**entry, "manager": manager, "hours": list(HOURS)}])[0]
    pizzeria = services.open_pizzeria(plan=plan).pizzeria
    if pizzeria.slug == WITH_A_PAST:
        _give_a_past(pizzeria)
    return pizzeria


def _give_a_past(pizzeria: Pizzeria) -> None:
    with schema_context(pizzeria.schema_name), connection.cursor() as cursor:
        cursor.execute(PAST, {"note": "Historique de démonstration"})


@transaction.atomic
def _user(email: str, name: str, role: Role | None, pizzeria: Pizzeria | None) -> str:
    user = User.objects.filter(email=email).first()
    if user is None or not user.has_usable_password():
        user = user or User(email=email)
        user.name, user.phone = user.name or name, user.phone or "+33600000000"
        user.set_password(PASSWORD)
        user.save()
    if role is not None:
        Membership.objects.get_or_create(user=user, role=role, pizzeria=pizzeria)
    User.objects.filter(pk=user.pk).update(
        last_login=timezone.now(), email_proven_at=timezone.now()
    )  # they have answered
    return email
