from typing import Any
from urllib.parse import urlencode

from allauth.account import views as allauth
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from shared_apps.accounts import screens, services
from shared_apps.accounts.access import SignedInRequest, roles_here
from shared_apps.accounts.forms import PasswordForm
from tenants.requests import Request

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Refusing:
    """A form with errors is a 422, as everywhere here."""

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        answer.status_code = 422
        return answer


class LoginView(Refusing, allauth.LoginView):
    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """On a shared device a password opens it until it locks, and leaves no session on it."""
        if request.device:
            return redirect(f"{reverse('devices:password')}?{urlencode({'next': request.GET.get('next', '')})}")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SignupView(Refusing, allauth.SignupView):
    pass


login = LoginView.as_view()
signup = SignupView.as_view()


@never_cache
@sensitive_post_parameters()
def choose_password(request: Request, uid: str, token: str) -> HttpResponse:
    user = services.invited(uid=uid, token=token)
    if user is None:
        return render(request, "accounts/invitation_over.html", status=410)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=user, password=form.cleaned_data["password"])
        sign_in(request, user, BACKEND)
        return redirect(screens.landing(roles_here(request), in_shop=request.pizzeria is not None))
    context = {"form": form, "invited": user}
    return render(request, "accounts/choose_password.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def security(request: SignedInRequest) -> HttpResponse:
    """One's password, codes and sessions."""
    back = screens.landing(roles_here(request), in_shop=request.pizzeria is not None)
    return render(request, "accounts/security.html", {"has_codes": is_mfa_enabled(request.user), "back": back})


@require_POST
@login_required
def end_session(request: SignedInRequest, session_id: int) -> HttpResponse:
    """One session of one's own: a phone that was lost, a till left open."""
    session = UserSession.objects.filter(pk=session_id, user=request.user).first()
    if session is None:
        raise Http404
    session.end()
    messages.success(request, _("This session is over."), extra_tags="good")
    return redirect("accounts:sessions")
