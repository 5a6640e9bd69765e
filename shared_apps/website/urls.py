from django.urls import path

from shared_apps.website import views

app_name = "website"
urlpatterns = [
    path("", views.home, name="home"),
    path("trouver/", views.find, name="find"),
    path("pizzerias/", views.pizzerias, name="pizzerias"),
    path("mon-compte/", views.account, name="account"),
    path("paiement/stripe/", views.stripe_webhook, name="stripe_webhook"),
    path("conditions-de-vente/", views.terms, name="terms"),
    path("mentions-legales/", views.legal_notice, name="legal_notice"),
    path("confidentialite/", views.privacy, name="privacy"),
]
