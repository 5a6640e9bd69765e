"""The procedure that brings the database back to an instant works as the dossier writes it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings

from ocpizza import embedded_postgres


def test_the_database_comes_back_as_it_was_before_an_accident():
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        assert embedded_postgres.reachable(folder)
        script = settings.BASE_DIR / "deploy" / "try_point_in_time.sh"
        command = [
            *embedded_postgres.as_unprivileged(),
            "bash",
            "-s",
            "--",
            str(embedded_postgres.programs()),
            str(folder),
        ]
        done = subprocess.run(
            command, input=script.read_text(), capture_output=True, text=True, check=False, cwd="/",
            env=os.environ | {"HOME": str(folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1500 commandes sur 1500 retrouvées" in done.stdout
    finally:
        shutil.rmtree(folder, ignore_errors=True)
