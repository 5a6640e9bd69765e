from django.urls import path

from shared_apps.headoffice.views import card, exports, group, ingredients, vouchers

app_name = "headoffice"
urlpatterns = [
    path("", group.group, name="group"),
    path("carte/", card.card, name="card"),
    path("carte/nouveau/", card.new_product, name="new_product"),
    path("carte/produits/<int:product_id>/", card.product, name="product"),
    path("carte/ingredients/", ingredients.ingredients, name="ingredients"),
    path("carte/ingredients/nouveau/", ingredients.new_ingredient, name="new_ingredient"),
    path("carte/ingredients/<int:ingredient_id>/", ingredients.ingredient, name="ingredient"),
    path("codes/", vouchers.vouchers, name="vouchers"),
    path("alertes/", group.alerts, name="alerts"),
    path("exports/", exports.exports, name="exports"),
    path("chiffres/", group.group_figures, name="group_figures"),
]
