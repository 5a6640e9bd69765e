from django.urls import path

from tenant_apps.office.views import cases, counting, drivers, settings, stock, today

app_name = "office"
urlpatterns = [
    path("", today.today, name="today"),
    path("chiffres/", today.today_figures, name="today_figures"),
    path("stock/", stock.stock, name="stock"),
    path("stock/niveaux/", stock.stock_levels, name="stock_levels"),
    path("stock/inventaire/", counting.count_stock, name="count_stock"),
    path("stock/inventaire/<int:count_id>/", counting.counted, name="counted"),
    path("stock/realisable/", counting.feasible, name="feasible"),
    path("stock/<int:ingredient_id>/seuils/", counting.set_threshold, name="set_threshold"),
    path("stock/<int:ingredient_id>/", stock.ingredient, name="ingredient"),
    path("livreurs/", drivers.drivers, name="drivers"),
    path("reglages/", settings.settings, name="settings"),
    path("reglages/horaires/", settings.hours, name="hours"),
    path("reglages/horaires/jour/", settings.set_day, name="set_day"),
    path("reglages/horaires/jour-ordinaire/", settings.forget_day, name="forget_day"),
    path("reglages/carte/", settings.offers, name="offers"),
    path("reglages/equipe/", settings.members, name="members"),
    path("reglages/equipe/<int:user_id>/", settings.set_roles, name="set_roles"),
    path("reglages/historique/", settings.history, name="history"),
    path("a-traiter/", cases.cases, name="cases"),
    path("a-traiter/liste/", cases.cases_list, name="cases_list"),
    path("a-traiter/<int:case_id>/regler/", cases.close_case, name="close_case"),
]
