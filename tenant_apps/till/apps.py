from django.apps import AppConfig


class TillConfig(AppConfig):
    name = "tenant_apps.till"
