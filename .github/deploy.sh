#!/usr/bin/env bash
# Runs on the server, in the checkout: brings it to a commit, then hands the web over without losing a request.
# Migrations must suit the release before and the release after: both serve for a moment.
set -euo pipefail
commit=$1
cd /srv/ocpizza
git fetch --quiet origin
git checkout --quiet --detach "$commit"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/python manage.py translations --compile
.venv/bin/python manage.py collectstatic --noinput --verbosity 0
.venv/bin/python manage.py migrate_schemas
.venv/bin/python manage.py load_catalogue
.venv/bin/python manage.py schedule_tasks
# Gunicorn starts workers of the new release beside the old ones, which finish their requests first.
kill -HUP "$(cat "${RUN_DIR:-.data/run}/web.pid")"
# The live process and the worker are short to restart: pages reconnect, tasks are delivered again.
pkill -TERM -u "$(id -u)" -f 'uvicorn ocpizza.asgi:application' || true
pkill -TERM -u "$(id -u)" -f 'manage.py qcluster' || true
.venv/bin/python manage.py check --deploy
.venv/bin/python manage.py check_invariants
