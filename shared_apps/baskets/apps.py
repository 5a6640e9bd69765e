from django.apps import AppConfig


class BasketsConfig(AppConfig):
    name = "shared_apps.baskets"
