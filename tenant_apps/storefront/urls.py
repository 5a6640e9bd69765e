from django.urls import path

from tenant_apps.storefront.views import basket, checkout, menu, paying, tracking

app_name = "storefront"
urlpatterns = [
    path("", menu.menu, name="menu"),
    path("images/pizzas-<slug:digest>.svg", menu.pizzas, name="pizzas"),
    path("images/<slug:code>.svg", menu.picture, name="picture"),
    path("carte/<slug:code>/", menu.product, name="product"),
    path("panier/", basket.basket, name="basket"),
    path("panier/code/", basket.use_voucher, name="use_voucher"),
    path("panier/ajouter/", basket.add, name="add"),
    path("panier/lignes/<int:line_id>/", basket.set_quantity, name="set_quantity"),
    path("panier/enregistrer/", basket.keep_change, name="keep_change"),
    path("panier/abandonner/", basket.drop_change, name="drop_change"),
    path("commander/livraison/", checkout.checkout, {"mode": "delivery"}, name="checkout_delivery"),
    path("commander/a-emporter/", checkout.checkout, {"mode": "collection"}, name="checkout_collection"),
    path("commande/<str:reference>/", tracking.order, name="order"),
    path("commande/<str:reference>/etat/", tracking.order_state, name="order_state"),
    path("commande/<str:reference>/ticket/", tracking.receipt, name="receipt"),
    path("commande/<str:reference>/ticket.pdf", tracking.receipt_pdf, name="receipt_pdf"),
    path("commande/<str:reference>/livreur/", tracking.order_driver, name="order_driver"),
    path("commande/<str:reference>/payer/", paying.pay, name="pay"),
    path("commande/<str:reference>/paye/", paying.paid, name="paid"),
    path("commande/<str:reference>/payer-a-la-reception/", paying.pay_on_receipt, name="pay_on_receipt"),
    path("commande/<str:reference>/messages/", tracking.quiet, name="quiet"),
    path("commande/<str:reference>/annuler/", tracking.cancel, name="cancel"),
    path("commande/<str:reference>/modifier/", tracking.change, name="change"),
    path("commande/<str:reference>/recommencer/", tracking.order_again, name="order_again"),
]
