"""The addresses of a shop's subdomain."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("compte/", include("shared_apps.accounts.urls")),
    path("sante/", include("shared_apps.health.urls")),
    path("compte/", include("shared_apps.accounts.allauth_urls")),
    path("cuisine/", include("tenant_apps.kitchen.urls")),
    path("comptoir/", include("tenant_apps.counter.urls")),
    path("livraisons/", include("tenant_apps.driver.urls")),
    path("caisse/", include("tenant_apps.books.urls")),
    path("appareil/", include("tenant_apps.devices.urls")),
    path("gestion/", include("tenant_apps.office.urls")),
    path("", include("tenant_apps.storefront.urls")),
]
