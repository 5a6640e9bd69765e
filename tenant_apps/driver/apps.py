from django.apps import AppConfig


class DriverConfig(AppConfig):
    name = "tenant_apps.driver"
