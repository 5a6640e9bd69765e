# OC Pizza: `make help` lists what one can do.
SHELL := /bin/bash
PORT ?= 8000
PYTHON ?= python3
MANAGE := .venv/bin/python manage.py
export PORT

.PHONY: help install run test production audit proof bench screenshots translations clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

# Made again when the locked packages change; nothing to do otherwise.
.venv/installed: requirements-dev.txt
	@echo "Installation des paquets…"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

locale/fr/LC_MESSAGES/django.mo: locale/fr/LC_MESSAGES/django.po .venv/installed
	@$(MANAGE) translations --compile

install: .venv/installed locale/fr/LC_MESSAGES/django.mo ## the virtual environment and the compiled translations

run: install ## the site with its demonstration, on PORT (8000); Ctrl-C stops all of it
	@exec $(MANAGE) serve --demo

test: install ## everything: format, lint, contracts, types, migrations, translations, unit, race and browser tests
	@.venv/bin/python -m ocpizza.checks

production: ## the shape of production on this machine, played under load and taken away again (root, Debian; ten to fifteen minutes)
	@/usr/bin/python3 deploy/rehearsal

audit: install ## known faults of the locked packages (needs the network)
	@.venv/bin/python -m ocpizza.audit

proof: install ## the long forms of the seeded proofs
	@OCPIZZA_PROOF=full .venv/bin/python -m pytest -q -m proof

bench: install ## the benchmarks; BENCH_FULL=1 adds the long sizes
	@.venv/bin/python -m bench

screenshots: install ## the pictures of the README, from a real site
	@.venv/bin/python docs/screenshots.py

translations: install ## bring locale/fr/LC_MESSAGES/django.po in step with the code
	@$(MANAGE) translations

clean: ## forget the demonstration's data (the virtual environment stays)
	@rm -rf .data staticfiles
