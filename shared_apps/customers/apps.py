from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "shared_apps.customers"
