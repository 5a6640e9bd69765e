from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "shared_apps.places"
