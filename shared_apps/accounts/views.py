from django.contrib.auth import login as sign_in
from django.contrib.auth import logout as sign_out
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from shared_apps.accounts import screens, services
from shared_apps.accounts.access import roles_here
from shared_apps.accounts.forms import LoginForm, PasswordForm, SignupForm
from tenants.requests import Request

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters()
def login(request: Request) -> HttpResponse:
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.user:
        sign_in(request, form.user)
        return redirect(_after(request))
    status = 422 if form.errors else 200
    return render(request, "accounts/login.html", {"form": form, "next": _asked_for(request)}, status=status)


def _asked_for(request: Request) -> str:
    """The page that sent here, when it is one of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else ""


def _after(request: Request) -> str:
    in_shop = request.pizzeria is not None
    return _asked_for(request) or screens.landing(roles_here(request), in_shop=in_shop)


@require_POST
def logout(request: Request) -> HttpResponse:
    sign_out(request)
    return redirect("/")


@never_cache
@sensitive_post_parameters()
def signup(request: Request) -> HttpResponse:
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = services.sign_up(**form.cleaned_data)
        sign_in(request, user, BACKEND)
        return redirect(_after(request))
    status = 422 if form.errors else 200
    return render(request, "accounts/signup.html", {"form": form, "next": _asked_for(request)}, status=status)


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
        return redirect(_after(request))
    context = {"form": form, "invited": user}
    return render(request, "accounts/choose_password.html", context, status=422 if form.errors else 200)
