from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AccountsConfig(AppConfig):
    name = "shared_apps.accounts"
    default = True


class SupportConfig(admin.AdminConfig):
    """Django's admin, with the site of support."""

    default = False
    default_site = "shared_apps.accounts.support.SupportSite"
