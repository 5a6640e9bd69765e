"""The bare page that one of ours is measured against: its statements, its template, no tenancy, session or middleware.

At `/` it sends the statements recorded of one request to our page, fetches all their rows, and renders our template with
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
from tenant_apps.kitchen import views as our_kitchen
from tenant_apps.storefront.views import menu as our_menu
from tenants.hosts import Shop
from tenants.models import Pizzeria
from tenants.requests import ShopRequest

STATEMENTS: list[str] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
SHOP = Shop.of(Pizzeria.objects.get(schema_name=os.environ["BENCH_SCHEMA"]))
VISITOR = User.objects.filter(email=os.environ["BENCH_VISITOR"]).first() or AnonymousUser()


# The page, the module of its view and the view.
PAGES = {"/": (our_menu, our_menu.menu), "/cuisine/": (our_kitchen, our_kitchen.board)}
MODULE, OUR_VIEW = PAGES[os.environ["BENCH_PAGE"]]


def _known(request: HttpRequest) -> ShopRequest:
    """With what our middleware would have added."""
    known = cast(ShopRequest, request)
    known.pizzeria, known.user = SHOP, VISITOR
    known.device, known.device_id, known.reads_only = None, None, False
    return known


def _rendered() -> tuple[HttpRequest, str, dict[str, object]]:
    """What our view gives `render` for this visitor: the request as it left it, the template, the context."""
    request = HttpRequest()
    request.method = "GET"
    request.COOKIES = json.loads(os.environ["BENCH_COOKIES"])
    with mock.patch.object(MODULE, "render") as render_nothing:
        OUR_VIEW(_known(request))
    return render_nothing.call_args.args


REQUEST, TEMPLATE, CONTEXT = _rendered()


def replayed(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
            cursor.fetchall()
    known = _known(request)
    known.roles = getattr(REQUEST, "roles", frozenset())  # type: ignore[attr-defined]
    return render(known, TEMPLATE, CONTEXT)


def view(request: HttpRequest) -> HttpResponse:
    return OUR_VIEW(_known(request))


urlpatterns = [path("", replayed), path("view/", view), path("", include("ocpizza.urls.shop"))]
