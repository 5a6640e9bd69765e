from django.apps import AppConfig


class DrawerConfig(AppConfig):
    name = "tenant_apps.drawer"
