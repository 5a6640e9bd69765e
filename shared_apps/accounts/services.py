from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django_tenants.utils import get_public_schema_name, schema_context

from shared_apps.accounts.models import User


def sign_up(*, email: str, password: str, name: str, phone: str) -> User:
    """A customer's account. In the public schema from any host: no shop may create a user."""
    with schema_context(get_public_schema_name()):
        return User.objects.create_user(email, password, name=name, phone=phone)


def invitation_key(user: User) -> tuple[str, str]:
    """(uid, token) of the one address at which this person may choose a password; dead once it is chosen."""
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def invited(*, uid: str, token: str) -> User | None:
    """Whom an invitation is for; None when it was used, is too old, or was made up."""
    try:
        user = User.objects.get(pk=force_str(urlsafe_base64_decode(uid)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, token) else None


def set_password(*, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
