"""A region: the part of a page that is fetched again after a hint. Unchanged, it answers 304 and nothing moves."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control

View = Callable[..., HttpResponse]
# Masked anew in every answer, while each stays good: not a change of the region.
CSRF_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')


def region(view: View) -> View:
    """Gives the view's answer an ETag of its content, and answers 304 to those who have it."""

    @wraps(view)
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        if response.status_code != 200:
            return response
        etag = f'"{hashlib.sha256(CSRF_TOKEN.sub(b"", response.content)).hexdigest()[:32]}"'
        response["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=response) or response

    return answered
