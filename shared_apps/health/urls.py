from django.urls import path

from shared_apps.health import views

app_name = "health"
urlpatterns = [
    path("", views.alive, name="alive"),
    path("complet/", views.complete, name="complete"),
]
