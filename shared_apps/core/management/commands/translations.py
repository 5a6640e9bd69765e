import io
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import templatize

CODE = ("shared_apps", "tenant_apps", "tenants", "ocpizza")
TEMPLATES = "templates"
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}


class Command(BaseCommand):
    help = (
        "Relève les textes du code et des gabarits dans locale/fr/LC_MESSAGES/django.po, puis compile. "
        "--compile ne fait que compiler ; --check refuse un texte sans traduction."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compile", action="store_true", help="seulement compiler (mise en service)")
        parser.add_argument("--check", action="store_true", help="n'écrit pas ; échoue s'il manque une traduction")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.LOCALE_PATHS[0]) / "fr" / "LC_MESSAGES" / "django.po"
        catalog = _read(path)
        if not options["compile"]:
            before = {message.id for message in catalog if message.id}
            catalog.update(_found(), no_fuzzy_matching=True)
            obsolete = [str(message.id) for message in catalog.obsolete.values()]
            catalog.obsolete.clear()
            problems = [f"sans traduction : {message.id!r}" for message in catalog if _lacks(message)]
            if options["check"]:
                after = {message.id for message in catalog if message.id}
                problems += [f"absent du catalogue : {key!r}" for key in after - before]
                problems += [f"ne sert plus : {key!r}" for key in obsolete]
                if problems:
                    raise CommandError("\n".join(sorted(problems)))
                return
            catalog.header_comment = "# The French of OC Pizza: manage.py translations keeps it in step with the code."
            catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "OC Pizza"
            catalog.version = "1"
            with path.open("wb") as file:
                write_po(file, catalog, width=120, no_location=True, sort_output=True)
            for problem in problems:
                self.stdout.write(problem)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def _read(path: Path) -> Catalog:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return Catalog(locale="fr", project="OC Pizza", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def _lacks(message: Message) -> bool:
    """No translation, or one that lost a `%(name)s` or `{name}` of its text."""
    if not message.id:
        return False
    strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return message.fuzzy or not all(strings) or bool(message.check())


def _found() -> Catalog:
    catalog = Catalog(locale="fr", project="OC Pizza", charset="utf-8", fuzzy=False)
    for _line, text, _comments, _context in _messages():
        flags = ["python-format"] if "%(" in str(text) else []
        catalog.add(text, flags=flags)
    return catalog


def _messages() -> Iterator[Any]:
    for folder in CODE:
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if not {"migrations", "tests"} & set(path.parts):
                yield from extract("python", io.BytesIO(path.read_bytes()), KEYWORDS, (), {"encoding": "utf-8"})
    for path in sorted((settings.BASE_DIR / TEMPLATES).rglob("*.*")):
        # Django turns a template into calls of gettext among noise; the reader of JavaScript does not mind the noise.
        calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        yield from extract("javascript", io.BytesIO(calls.encode()), KEYWORDS, (), {"encoding": "utf-8"})
