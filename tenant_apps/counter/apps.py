from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "tenant_apps.counter"
