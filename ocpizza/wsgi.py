"""The site, for Gunicorn."""

from django.core.wsgi import get_wsgi_application

from ocpizza import environment

environment.load()
application = get_wsgi_application()
