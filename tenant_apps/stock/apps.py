from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "tenant_apps.stock"
