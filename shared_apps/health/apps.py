from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "shared_apps.health"
