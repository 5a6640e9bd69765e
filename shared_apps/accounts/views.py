from typing import Any
from urllib.parse import urlencode

from allauth.account import views as allauth
from allauth.core import ratelimit
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
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shared_apps.accounts import email_change, screens, services
from shared_apps.accounts.access import SignedInRequest, roles_here
from shared_apps.accounts.forms import EmailForm, PasswordForm
from shared_apps.core.errors import RuleError
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


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
def change_email(request: SignedInRequest) -> HttpResponse:
    """Asks for another e-mail: nothing changes before its letter is opened."""
    posted = request.method == "POST"
    too_often = posted and not ratelimit.consume(request, action="reauthenticate", user=request.user)
    form = EmailForm(request.POST or None, user=request.user, too_often=too_often)
    if posted and form.is_valid():
        email = form.cleaned_data["email"]
        key = email_change.key(user=request.user, email=email)
        url = request.build_absolute_uri(reverse("accounts:confirm_email", args=[key]))
        email_change.ask(user=request.user, email=email, url=url)
        words = _("We wrote to %(email)s: open the link of that letter here, within the hour.") % {"email": email}
        messages.success(request, words, extra_tags="good")
        return redirect("accounts:security")
    return render(request, "accounts/change_email.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def confirm_email(request: SignedInRequest, key: str) -> HttpResponse:
    """Where the letter leads. It proves something only with the session of the account that asked (ADR 0040)."""
    try:
        context = {"email": email_change.wanted(user=request.user, key=key)}
        if request.method == "POST":
            email_change.change(user=request.user, key=key)
            messages.success(request, _("Your e-mail is changed."), extra_tags="good")
            return redirect("accounts:security")
    except RuleError as refusal:
        return render(request, "accounts/confirm_email.html", {"refusal": refusal}, status=410)
    return render(request, "accounts/confirm_email.html", context)


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
