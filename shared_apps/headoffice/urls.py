from django.urls import path

from shared_apps.headoffice.views import comparison, exports, group, vouchers

app_name = "headoffice"
urlpatterns = [
    path("", group.group, name="group"),
    path("codes/", vouchers.vouchers, name="vouchers"),
    path("alertes/", group.alerts, name="alerts"),
    path("comparaison/", comparison.comparison, name="comparison"),
    path("exports/", exports.exports, name="exports"),
    path("chiffres/", group.group_figures, name="group_figures"),
]
