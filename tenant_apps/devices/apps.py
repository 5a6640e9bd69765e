from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "tenant_apps.devices"
