from django.urls import path

from tenant_apps.counter import views

app_name = "counter"
urlpatterns = [
    path("", views.orders, name="orders"),
    path("liste/", views.orders_list, name="orders_list"),
    path("<int:number>/", views.order, name="order"),
    path("<int:number>/encaisser/", views.take_payment, name="take_payment"),
    path("<int:number>/remettre/", views.hand_over, name="hand_over"),
    path("<int:number>/parti/", views.leave, name="leave"),
    path("<int:number>/annuler/", views.cancel, name="cancel"),
]
