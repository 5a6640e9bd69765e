from allauth.account import views as allauth
from allauth.usersessions import views as sessions
from django.urls import path
from django.views.decorators.http import require_POST

from shared_apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("connexion/", views.login, name="login"),
    path("deconnexion/", require_POST(allauth.logout), name="logout"),
    path("inscription/", views.signup, name="signup"),
    path("invitation/<str:uid>/<str:token>/", views.choose_password, name="choose_password"),
    path("e-mail/", views.change_email, name="change_email"),
    path("e-mail/<str:key>/", views.confirm_email, name="confirm_email"),
    path("securite/", views.security, name="security"),
    path("sessions/<int:session_id>/terminer/", views.end_session, name="end_session"),
    path("sessions/", sessions.list_usersessions, name="sessions"),
]
