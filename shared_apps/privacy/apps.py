from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "shared_apps.privacy"
