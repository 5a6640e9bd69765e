from django.apps import AppConfig


class PrintingConfig(AppConfig):
    name = "tenant_apps.printing"
