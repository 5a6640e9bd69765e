from django.urls import path

from shared_apps.headoffice.views import card, comparison, exports, group, ingredients, legal, people, vouchers

app_name = "headoffice"
urlpatterns = [
    path("", group.group, name="group"),
    path("carte/", card.card, name="card"),
    path("carte/nouveau/", card.new_product, name="new_product"),
    path("carte/produits/<int:product_id>/", card.product, name="product"),
    path("carte/ingredients/", ingredients.ingredients, name="ingredients"),
    path("carte/ingredients/nouveau/", ingredients.new_ingredient, name="new_ingredient"),
    path("carte/ingredients/<int:ingredient_id>/", ingredients.ingredient, name="ingredient"),
    path("pages-legales/", legal.legal_pages, name="legal_pages"),
    path("pages-legales/<slug:page>/", legal.legal_page, name="legal_page"),
    path("codes/", vouchers.vouchers, name="vouchers"),
    path("alertes/", group.alerts, name="alerts"),
    path("comparaison/", comparison.comparison, name="comparison"),
    path("exports/", exports.exports, name="exports"),
    path("chiffres/", group.group_figures, name="group_figures"),
    path("equipes/", people.people, name="people"),
    path("equipes/<int:user_id>/", people.person, name="person"),
    path("equipes/<int:user_id>/ajouter/", people.add_post, name="add_post"),
    path("equipes/<int:user_id>/codes/", people.remove_second_factor, name="remove_second_factor"),
    path("equipes/<int:user_id>/<slug:place>/", people.set_roles, name="set_roles"),
    path("equipes/<int:user_id>/<slug:place>/inviter/", people.invite_again, name="invite_again"),
]
