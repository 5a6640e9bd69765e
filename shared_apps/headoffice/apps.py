from django.apps import AppConfig


class HeadOfficeConfig(AppConfig):
    name = "shared_apps.headoffice"
