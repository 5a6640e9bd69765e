"""The live process, for uvicorn: event streams only. Pages are served by `ocpizza.wsgi`."""

from ocpizza import environment
from shared_apps.live.stream import Stream

environment.load()
application = Stream()
