from django.urls import path

from tenant_apps.counter.views import blocked, escalation, orders, reaching, remakes, rush, taking

app_name = "counter"
urlpatterns = [
    path("", orders.orders, name="orders"),
    path("sans-ecran/", escalation.escalation, name="escalation"),
    path("liste/", orders.orders_list, name="orders_list"),
    path("en-attente/", orders.drafts_list, name="drafts_list"),
    path("refaits/", remakes.remakes, name="remakes"),
    path("numeros-bloques/", blocked.blocked, name="blocked"),
    path("numeros-bloques/<int:blocked_id>/debloquer/", blocked.unblock, name="unblock"),
    path("numeros-bloques/<int:blocked_id>/laisser-passer/", blocked.let_through, name="let_through"),
    path("<int:number>/prix/", orders.reprice, name="reprice"),
    path("<int:number>/refaire/", remakes.remake, name="remake"),
    path("<int:number>/", orders.order, name="order"),
    path("<int:number>/encaisser/", orders.take_payment, name="take_payment"),
    path("<int:number>/remettre/", orders.hand_over, name="hand_over"),
    path("<int:number>/parti/", orders.leave, name="leave"),
    path("<int:number>/annuler/", orders.cancel, name="cancel"),
    path("prise/", taking.begin, name="begin"),
    path("prise/<uuid:token>/", taking.taking, name="taking"),
    path("prise/<uuid:token>/client/", taking.caller, name="caller"),
    path("prise/<uuid:token>/zone/", reaching.zone, name="zone"),
    path("prise/<uuid:token>/ailleurs/", reaching.elsewhere, name="elsewhere"),
    path("prise/<uuid:token>/confier/<slug:slug>/", reaching.hand_to, name="hand_to"),
    path("prise/<uuid:token>/lignes/", taking.add_line, name="add_line"),
    path("prise/<uuid:token>/lignes/<int:line_id>/retirer/", taking.remove_line, name="remove_line"),
    path("prise/<uuid:token>/refaire/<int:number>/", taking.same_again, name="same_again"),
    path("prise/<uuid:token>/mettre-en-attente/", taking.park, name="park"),
    path("prise/<uuid:token>/abandonner/", taking.discard, name="discard"),
    path("prise/<uuid:token>/passer/", taking.finish, name="finish"),
    path("coup-de-feu/", rush.rush, name="rush"),
    path("coup-de-feu/minutes/", rush.set_rush, name="set_rush"),
    path("coup-de-feu/fermer/", rush.close_web, name="close_web"),
    path("coup-de-feu/rouvrir/", rush.reopen_web, name="reopen_web"),
]
