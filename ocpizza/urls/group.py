"""The addresses of the group's host: customers, head office, support."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("compte/", include("shared_apps.accounts.urls")),
    path("sante/", include("shared_apps.health.urls")),
    path("compte/", include("shared_apps.accounts.allauth_urls")),
    path("siege/", include("shared_apps.headoffice.urls")),
    path(f"{settings.SECRET_ADMIN_URL.strip('/')}/", admin.site.urls),
    path("", include("shared_apps.website.urls")),
]
