from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "shared_apps.messages"
    label = "told"  # `messages` is taken by django.contrib.messages
