from django.apps import AppConfig


class KitchenConfig(AppConfig):
    name = "tenant_apps.kitchen"
