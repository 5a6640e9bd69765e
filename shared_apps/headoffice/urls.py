from django.urls import path

from shared_apps.headoffice import views

app_name = "headoffice"
urlpatterns = [
    path("", views.group, name="group"),
    path("codes/", views.vouchers, name="vouchers"),
    path("alertes/", views.alerts, name="alerts"),
    path("exports/", views.exports, name="exports"),
    path("chiffres/", views.group_figures, name="group_figures"),
]
