from django.urls import path

from tenant_apps.office.views import cases, stock, today

app_name = "office"
urlpatterns = [
    path("", today.today, name="today"),
    path("chiffres/", today.today_figures, name="today_figures"),
    path("stock/", stock.stock, name="stock"),
    path("stock/niveaux/", stock.stock_levels, name="stock_levels"),
    path("stock/<int:ingredient_id>/", stock.ingredient, name="ingredient"),
    path("a-traiter/", cases.cases, name="cases"),
    path("a-traiter/liste/", cases.cases_list, name="cases_list"),
    path("a-traiter/<int:case_id>/regler/", cases.close_case, name="close_case"),
]
