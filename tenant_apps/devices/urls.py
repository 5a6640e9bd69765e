from django.urls import path

from tenant_apps.devices import views

app_name = "devices"
urlpatterns = [
    path("", views.pair, name="pair"),
    path("operateur/", views.operator, name="operator"),
    path("mot-de-passe/", views.password, name="password"),
    path("verrouiller/", views.lock, name="lock"),
    path("qui/", views.who, name="who"),
    path("changer/", views.switch, name="switch"),
    path("mon-code/", views.own_pin, name="own_pin"),
]
