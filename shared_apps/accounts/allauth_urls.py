"""The pages of django-allauth that we open, under French addresses and the names that it looks for."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as rescue
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.http import require_POST

from shared_apps.accounts import views


class Base36Converter(StringConverter):
    regex = "[0-9A-Za-z]+"


register_converter(Base36Converter, "base36")
urlpatterns = [
    path("connexion/", views.login, name="account_login"),
    path("deconnexion/", require_POST(account.logout), name="account_logout"),
    path("inscription/", views.signup, name="account_signup"),
    path("ferme/", account.account_inactive, name="account_inactive"),
    path("verification/", account.reauthenticate, name="account_reauthenticate"),
    path("mot-de-passe/", account.password_change, name="account_change_password"),
    path("mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("mot-de-passe/oublie/", account.password_reset, name="account_reset_password"),
    path("mot-de-passe/oublie/envoye/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "mot-de-passe/oublie/<base36:uidb36>-<str:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "mot-de-passe/oublie/fait/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"
    ),
    path("code/", mfa.authenticate, name="mfa_authenticate"),
    path("code/verification/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("code/telephone/", totp.activate_totp, name="mfa_activate_totp"),
    path("code/telephone/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("code/secours/", rescue.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("code/secours/nouveaux/", rescue.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("code/secours/fichier/", rescue.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("securite/", views.security, name="mfa_index"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
]
