from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "shared_apps.gateway"
