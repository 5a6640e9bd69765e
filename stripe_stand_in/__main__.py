"""`python -m stripe_stand_in --port 8002 --webhook http://ocpizza.localhost:8000/paiement/stripe/ --secret whsec_…`"""

import argparse
import os
import signal
import sys
from pathlib import Path

from stripe_stand_in.server import Server

DOTENV = Path(__file__).resolve().parent.parent / ".env"


def environment(path: Path = DOTENV) -> dict[str, str]:
    """As the site has it: that of the process, completed by `.env`, where production names its settings and its keys."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = (line.removeprefix("export ").partition("=") for line in map(str.strip, lines) if not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _sign, value in pairs} | dict(os.environ)


def refusal(environment: dict[str, str]) -> str:
    """Why this may not run here, if so: where real money moves, no page may pretend to take it."""
    if environment.get("DJANGO_SETTINGS_MODULE", "").endswith("production"):
        return "Le faux Stripe refuse de démarrer avec les réglages de production."
    if "_live_" in environment.get("STRIPE_API_KEY", ""):
        return "Le faux Stripe refuse de démarrer avec une clé Stripe réelle."
    return ""


def main() -> None:
    if why := refusal(environment()):
        sys.exit(why)
    parser = argparse.ArgumentParser(prog="stripe_stand_in")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url", default="", help="address of the pay page for browsers")
    parser.add_argument("--webhook", default="", help="where events are sent")
    parser.add_argument("--secret", default="", help="what they are signed with")
    parser.add_argument("--state", type=Path, default=None, help="file that keeps the state over a restart")
    asked = parser.parse_args()
    server = Server(asked.port, url=asked.url, webhook=asked.webhook, secret=asked.secret, path=asked.state)
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit())
    server.serve_forever()


if __name__ == "__main__":
    main()
