"""Django's admin, for support: public tables, at SECRET_ADMIN_URL of the group's host, behind the same sign-in as the rest.

Whoever is signed in without being support finds nothing there. Managers and head office have their own screens.
"""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseRedirect

from shared_apps.accounts import second_factor

# Nothing else that a library registers: neither second factors' secrets, nor sessions, nor groups, which give no right here.
SHOWN = {"accounts", "tenants", "django_q"}


class SupportSite(AdminSite):
    site_header = site_title = "OC Pizza : support"
    index_title = "Groupe"
    site_url = "/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        super().register([model for model in models if model._meta.app_label in SHOWN], admin_class, **options)

    def has_permission(self, request: Any) -> bool:
        return super().has_permission(request) and not second_factor.is_missing(request, None)

    def login(self, request: Any, extra_context: Any = None) -> HttpResponse:
        """No form of its own: the site's, then the code of the phone."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        if not request.user.is_staff:
            raise Http404
        return HttpResponseRedirect(second_factor.way_to_pass_it(request))
