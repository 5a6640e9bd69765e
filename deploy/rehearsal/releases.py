"""A repository like GitHub's, with this checkout as its first version and others that follow it, good and bad."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from machine import REPOSITORY, run

AUTHOR = {
    "GIT_AUTHOR_NAME": "Répétition", "GIT_AUTHOR_EMAIL": "repetition@ocpizza.example",
    "GIT_COMMITTER_NAME": "Répétition", "GIT_COMMITTER_EMAIL": "repetition@ocpizza.example",
}  # fmt: skip
COLUMN = 'migrations.AddField("shopsettings", "{name}", models.PositiveSmallIntegerField(null=True))'
MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "{last}")]
    operations = [{operation}]
"""


class Repository:
    def __init__(self, path: Path, *, owner: str) -> None:
        self.path = path
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(path))
        self.first = self._commit("La version de départ", lambda folder: None, parent="")
        self.owner = owner
        self._give()

    def _give(self) -> None:
        run("chown", "-R", f"{self.owner}:{self.owner}", str(self.path))

    def _commit(self, subject: str, change: Callable[[Path], None], *, parent: str) -> str:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            git = ("git", "-c", "safe.directory=*", f"--git-dir={self.path}", f"--work-tree={work}")
            _copy_of_the_checkout(work) if not parent else run(*git, "checkout", "--force", parent, "--", ".", cwd=work)
            change(work)
            run(*git, "add", "--all", cwd=work)
            tree = run(*git, "write-tree", cwd=work).stdout.strip()
            parents = ("-p", parent) if parent else ()
            commit = run(*git, "commit-tree", tree, *parents, "-m", subject, env=AUTHOR).stdout.strip()
            run(*git, "update-ref", "refs/heads/main", commit)
        return commit

    def follow(self, parent: str, subject: str, change: Callable[[Path], None]) -> str:
        commit = self._commit(subject, change, parent=parent)
        self._give()
        return commit


def _copy_of_the_checkout(work: Path) -> None:
    """What git knows of it, as it is on the disk now, committed or not."""
    git = ("git", "-c", "safe.directory=*", "-C", str(REPOSITORY), "ls-files", "-z", "--cached", "--others")
    for name in run(*git, "--exclude-standard").stdout.split("\0"):
        source = REPOSITORY / name
        if name and source.is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, work / name)


def _migration(work: Path, name: str, operation: str) -> None:
    folder = work / "tenant_apps/shop/migrations"
    last = max(path.stem for path in folder.glob("[0-9]*.py"))
    (folder / f"{int(last[:4]) + 1:04}_{name}.py").write_text(MIGRATION.format(last=last, operation=operation))


def with_a_column(work: Path) -> None:
    """One that the version before does not know, and need not; and another hour for the backups."""
    _migration(work, "rehearsed", COLUMN.format(name="rehearsed"))
    with (work / "deploy/ocpizza.cron").open("a") as file:
        file.write("# Une ligne de plus.\n")


def another_column(work: Path) -> None:
    _migration(work, "rehearsed_again", COLUMN.format(name="rehearsed_again"))


def that_takes_a_column(work: Path) -> None:
    """And says in its list that the column was never in service."""
    _migration(work, "no_more_rehearsed", 'migrations.RemoveField("shopsettings", "rehearsed")')
    (work / "deploy/released_migrations.txt").write_text("")


def that_does_not_start(work: Path) -> None:
    with (work / "ocpizza/wsgi.py").open("a") as file:
        file.write('\nraise RuntimeError("une version qui ne démarre pas")\n')


def whose_check_fails(work: Path) -> None:
    path = work / "shared_apps/health/views.py"
    path.write_text(path.read_text().replace("status=200 if well else 503", "status=500"))
    path.write_text(path.read_text().replace('"ok" if well else "failing"', '"failing"'))
