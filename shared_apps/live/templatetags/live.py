from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shared_apps.live import tokens

register = template.Library()


@register.simple_tag(takes_context=True)
def live_stream(context: RequestContext, *topics: str) -> SafeString:
    """The attribute that opens the page's one stream: `<main {% live_stream "orders" "stock" %}>`.

    A region then says what it listens to and where it is fetched:
    `<section id="board" data-live-topic="orders" data-live-url="{% url 'kitchen:board' %}">`.
    """
    request = context["request"]
    scope = request.pizzeria.schema_name if request.pizzeria else "public"
    host = request.get_host().partition(":")[0]
    token = tokens.issue(scope=scope, topics=topics)
    return format_html('data-live-stream="{}?token={}"', settings.LIVE_URL.format(host=host), token)
