from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from shared_apps.core.errors import RuleError


class VisitorAddressMiddleware:
    """The visitor's address as nginx saw it, in place of nginx's own. Only where nothing else reaches this process."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # nginx writes one address; whatever a visitor put before the last comma is not to be believed.
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if address:
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


class RuleErrorMiddleware:
    """A rule refused by a service and not shown by its view in a form: 409, in words, nothing lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RuleError):
            return None
        if getattr(request, "htmx", False):  # said where the visitor is, the page stays as it was
            response = render(request, "_refused.html", {"message": str(exception)}, status=409)
            response["HX-Retarget"], response["HX-Reswap"] = "#toast", "innerHTML"
            return response
        context = {"message": str(exception), "back": request.META.get("HTTP_REFERER", "/")}
        return render(request, "refused.html", context, status=409)
