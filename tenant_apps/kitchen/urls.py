from django.urls import path

from tenant_apps.kitchen import views

app_name = "kitchen"
urlpatterns = [
    path("", views.board, name="board"),
    path("bons/", views.tickets, name="tickets"),
    path("bons/recus/", views.received, name="received"),
    path("bons/<int:number>/prendre/", views.claim, name="claim"),
    path("bons/<int:number>/annuler-la-prise/", views.undo_claim, name="undo_claim"),
    path("bons/<int:number>/vu/<int:version>/", views.acknowledge, name="acknowledge"),
    path("bons/<int:number>/pret/", views.mark_ready, name="mark_ready"),
    path("bons/<int:number>/passer/<str:station>/", views.pass_on, name="pass_on"),
    path("bons/<int:number>/ramener/<str:station>/", views.bring_back, name="bring_back"),
    path("bons/<int:number>/rappeler/", views.recall, name="recall"),
    path("bons/<int:number>/demander-a-refaire/", views.ask_remake, name="ask_remake"),
    path("recettes/<int:line_id>/", views.recipe, name="recipe"),
]
