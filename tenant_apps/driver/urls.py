from django.urls import path

from tenant_apps.driver.views import acts, deliveries, position, shifts

app_name = "driver"
urlpatterns = [
    path("", deliveries.deliveries, name="deliveries"),
    path("liste/", deliveries.deliveries_list, name="deliveries_list"),
    path("service/commencer/", shifts.start_shift, name="start_shift"),
    path("service/terminer/", shifts.end_shift, name="end_shift"),
    path("position/", position.position, name="position"),
    path("position/partager/", position.share_position, name="share_position"),
    path("position/ne-plus-partager/", position.stop_sharing, name="stop_sharing"),
    path("hors-ligne.js", deliveries.worker, name="worker"),
    path("<int:number>/prendre/", deliveries.take, name="take"),
    path("<int:number>/rendre/", deliveries.give_back, name="give_back"),
    path("arrets/<int:stop_id>/avant/", deliveries.move_earlier, name="move_earlier"),
    path("tournees/<int:round_id>/meilleur-ordre/", deliveries.best_order, name="best_order"),
    path("tournees/<int:round_id>/parti/", acts.leave, name="leave"),
    path("tournees/<int:round_id>/arrets/<int:stop_id>/arrive/", acts.arrived, name="arrived"),
    path("tournees/<int:round_id>/arrets/<int:stop_id>/livre/", acts.delivered, name="delivered"),
    path("tournees/<int:round_id>/arrets/<int:stop_id>/echec/", acts.failed, name="failed"),
    path("tournees/<int:round_id>/arrets/<int:stop_id>/retour/", acts.come_back, name="come_back"),
]
