from django.apps import AppConfig


class WebsiteConfig(AppConfig):
    name = "shared_apps.website"
