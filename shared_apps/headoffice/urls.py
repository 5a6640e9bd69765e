from django.urls import path

from shared_apps.headoffice.views import comparison, exports, group, people, vouchers

app_name = "headoffice"
urlpatterns = [
    path("", group.group, name="group"),
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
