from django.urls import path

from tenant_apps.driver import views

app_name = "driver"
urlpatterns = [
    path("", views.deliveries, name="deliveries"),
    path("liste/", views.deliveries_list, name="deliveries_list"),
    path("service/commencer/", views.start_shift, name="start_shift"),
    path("service/terminer/", views.end_shift, name="end_shift"),
    path("<int:number>/parti/", views.leave, name="leave"),
    path("<int:number>/retour/", views.come_back, name="come_back"),
    path("<int:number>/livre/", views.delivered, name="delivered"),
]
