"""`make test`: every check in turn, the tests last so that their closing line is the last thing printed."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Container
from pathlib import Path
from tempfile import TemporaryDirectory

BASE_DIR = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TEMPLATES = sorted(str(path.relative_to(BASE_DIR)) for path in (BASE_DIR / "templates").rglob("*.html"))
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("gabarits", ["djade", "--check", "--target-version", "5.2", *TEMPLATES]),
    ("contrats d'import", ["lint-imports"]),
    ("types", ["mypy"]),
    ("workflow", ["zizmor", "--offline", "--quiet", ".github/workflows"]),
    (
        "schéma du workflow",
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml"],
    ),
    ("migrations", ["python", "manage.py", "lint_migrations"]),
    ("traductions", ["python", "manage.py", "translations", "--check"]),
)
# Large, and made of names, numbers and digests.
NO_SECRET = re.compile(r"^locale/|^requirements|^\.secrets\.baseline$|/data/|/images/")
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def run(name: str, command: list[str], *, good: Container[int] = (0,)) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    if done.returncode not in good:
        sys.exit(f"{name} : échec\n{done.stdout}\n{done.stderr}")
    print(f"{name:<20} ok  {seconds:5.1f} s", flush=True)


def look_for_secrets() -> None:
    """What looks like a secret in a file of the repository, and is not among those known to be none (.secrets.baseline)."""
    listed = subprocess.run(["git", "ls-files"], cwd=BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S607
    if listed.returncode:
        print("secrets              IGNORÉ : ce dossier n'est pas un dépôt git", flush=True)
        return
    files = [name for name in listed.stdout.splitlines() if not NO_SECRET.search(name)]
    with TemporaryDirectory() as folder:  # the hook brings line numbers up to date (3): no fault, and not in the tree
        known = shutil.copy(BASE_DIR / ".secrets.baseline", folder)
        run("secrets", ["detect-secrets-hook", "--baseline", known, *files], good=(0, 3))


def ensure_browser() -> None:
    """An installed Chromium, else Debian's package, else Playwright's own."""
    if any(Path(path).exists() for path in BROWSERS):
        return
    print("Installation de Chromium…", flush=True)
    if shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(command, check=False, **quiet)  # type: ignore[call-overload]
        if any(Path(path).exists() for path in BROWSERS):
            return
    subprocess.run([str(BIN / "playwright"), "install", "--with-deps", "chromium"], check=True)


def main() -> None:
    for name, command in CHECKS:
        run(name, command)
    look_for_secrets()
    ensure_browser()
    tests = [str(BIN / "python"), "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", *sys.argv[1:]]
    sys.exit(subprocess.run(tests, cwd=BASE_DIR, check=False).returncode)


if __name__ == "__main__":
    main()
