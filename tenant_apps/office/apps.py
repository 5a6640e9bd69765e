from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "tenant_apps.office"
