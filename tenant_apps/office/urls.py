from django.urls import path

from tenant_apps.office import views

app_name = "office"
urlpatterns = [
    path("", views.today, name="today"),
    path("chiffres/", views.today_figures, name="today_figures"),
    path("stock/", views.stock, name="stock"),
    path("stock/niveaux/", views.stock_levels, name="stock_levels"),
    path("stock/<int:ingredient_id>/", views.ingredient, name="ingredient"),
    path("a-traiter/", views.cases, name="cases"),
    path("a-traiter/liste/", views.cases_list, name="cases_list"),
    path("a-traiter/<int:case_id>/regler/", views.close_case, name="close_case"),
]
