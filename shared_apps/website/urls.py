from django.urls import path, register_converter
from django.urls.converters import StringConverter

from shared_apps.legal.models import Page
from shared_apps.website.views import account, legal, pages


class LegalPageConverter(StringConverter):
    regex = "|".join(Page.values)


register_converter(LegalPageConverter, "legal_page")
app_name = "website"
urlpatterns = [
    path("", pages.home, name="home"),
    path("trouver/", pages.find, name="find"),
    path("pizzerias/", pages.pizzerias, name="pizzerias"),
    path("mon-compte/", account.account, name="account"),
    path("mon-compte/coordonnees/", account.set_details, name="set_details"),
    path("mon-compte/adresses/<int:address_id>/retirer/", account.remove_address, name="remove_address"),
    path("mon-compte/allergies/", account.set_allergens, name="set_allergens"),
    path("mon-compte/donnees/", account.own_data, name="own_data"),
    path("mon-compte/donnees/copie/", account.ask_export, name="ask_export"),
    path("mon-compte/donnees/fichier/", account.export_file, name="export_file"),
    path("mon-compte/effacer/", account.erase, name="erase"),
    path("compte-efface/", account.erased, name="erased"),
    path("paiement/stripe/", pages.stripe_webhook, name="stripe_webhook"),
    path("<legal_page:page>/", legal.legal_page, name="legal_page"),
    path("<legal_page:page>/<slug:version>/", legal.legal_version, name="legal_version"),
]
