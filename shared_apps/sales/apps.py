from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "shared_apps.sales"
