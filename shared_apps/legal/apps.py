from django.apps import AppConfig


class LegalConfig(AppConfig):
    name = "shared_apps.legal"
