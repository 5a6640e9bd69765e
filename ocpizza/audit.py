"""`make audit`: known faults of the locked packages. Loudly skipped where the directory of faults does not answer.

Further options are pip-audit's own: another directory, say.
"""

import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NOT_AUDITED = "could not be audited"


def main() -> None:
    command = [str(Path(sys.executable).parent / "pip-audit"), "--requirement", "requirements.txt"]
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "20"]
    done = subprocess.run(
        [*command, *options, *sys.argv[1:]], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    skipped = said.count(NOT_AUDITED)
    if "Found " in said and "known vulnerabilit" in said:
        sys.exit(f"failles connues :\n{said}")
    if skipped or done.returncode:
        reason = said.strip().splitlines()[-1] if said.strip() else "pas de réponse"
        print(f"IGNORÉ : {skipped or 'tous les'} paquets n'ont pas pu être vérifiés ({reason})")
    else:
        print("aucune faille connue dans les paquets de requirements.txt")


if __name__ == "__main__":
    main()
