from django.urls import path

from shared_apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("connexion/", views.login, name="login"),
    path("deconnexion/", views.logout, name="logout"),
    path("inscription/", views.signup, name="signup"),
    path("invitation/<str:uid>/<str:token>/", views.choose_password, name="choose_password"),
]
