from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "tenant_apps.books"
