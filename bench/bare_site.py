"""The bare page that our menu is measured against: its statements, its template, no tenancy, session or middleware.

At `/` it sends the statements recorded of one request to our menu, fetches all their rows, and renders our template with
the context that our view made at the first request of this process. At `/view/` it runs our view itself, without what
surrounds it.
"""

import json
import os
from pathlib import Path
from typing import cast
from unittest import mock

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse  # noqa: TID251  these are views
from django.shortcuts import render
from django.urls import include, path

from shared_apps.accounts.models import User
from tenant_apps.storefront.views import menu as our_menu
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.requests import ShopRequest

STATEMENTS: list[str] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
SHOP = Shop.of(Pizzeria.objects.get(schema_name=os.environ["BENCH_SCHEMA"]))
VISITOR = User.objects.filter(email=os.environ["BENCH_VISITOR"]).first() or AnonymousUser()


def _known(request: HttpRequest) -> ShopRequest:
    """With what our middleware would have added."""
    known = cast(ShopRequest, request)
    known.pizzeria, known.user = SHOP, VISITOR
    return known


def _context() -> dict[str, object]:
    """What our view gives its template for this visitor."""
    request = HttpRequest()
    request.method = "GET"
    request.COOKIES = json.loads(os.environ["BENCH_COOKIES"])
    with mock.patch.object(our_menu, "render") as render_nothing:
        our_menu.menu(_known(request))
    _request, _template, context = render_nothing.call_args.args
    return context


CONTEXT = _context()


def replayed(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
            cursor.fetchall()
    return render(_known(request), "storefront/menu.html", CONTEXT)


def view(request: HttpRequest) -> HttpResponse:
    return our_menu.menu(_known(request))


urlpatterns = [path("", replayed), path("view/", view), path("", include("ocpizza.urls.shop"))]
