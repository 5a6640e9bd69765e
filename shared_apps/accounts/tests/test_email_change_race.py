"""Rights that are given to an e-mail while its account takes another one."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django_tenants.utils import schema_context

from conftest import PASSWORD
from shared_apps.accounts import email_change, services
from shared_apps.accounts.models import Membership, Role, User


def _waits() -> bool:
    """Whether the other transaction stands before the lock of a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_rights_given_while_the_e_mail_changes_go_to_the_e_mail(own_shop):
    old, new = (f"{name}@{own_shop.slug}.example" for name in ("future", "autre"))
    with schema_context("public"):
        stranger = User.objects.create_user(old, PASSWORD)  # signed up with it, and proved nothing

        def invite() -> User:
            try:
                return services.invite_member(
                    email=old, name="Nora", roles=[Role.MANAGER], pizzeria_id=own_shop.id, by_id=None
                )
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                email_change.change(user=stranger, key=email_change.key(user=stranger, email=new))
                given = pool.submit(invite)
                while not _waits():
                    assert not given.done()
            assert given.result(20).email == old
        assert Membership.objects.filter(pizzeria_id=own_shop.id, user__email=old).exists()
        assert not Membership.objects.filter(user=stranger).exists()
        Membership.objects.filter(user__email=old).delete()
