from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "tenant_apps.delivery"
