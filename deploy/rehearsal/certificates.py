"""A certificate authority of the rehearsal's own, and what it signs for nginx and for PostgreSQL."""

import shutil
from pathlib import Path

from machine import run


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder, self.certificate, self._key = folder, folder / "ca.crt", folder / "ca.key"
        subject = ("-subj", "/CN=OC Pizza, autorité de la répétition")
        constraints = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-keyout", str(self._key), "-out", str(self.certificate), *subject, *constraints,
        )  # fmt: skip

    def sign(self, names: str, *, key: Path, certificate: Path, owner: str) -> None:
        """`names` as openssl writes them: `DNS:a,IP:b`."""
        request, extensions = self.folder / "request.csr", self.folder / "extensions"
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
        run(
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(key), "-out", str(request), "-subj", "/CN=OC Pizza",
        )  # fmt: skip
        run(
            "openssl", "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key),
            "-CAcreateserial", "-days", "30", "-extfile", str(extensions), "-out", str(certificate),
        )  # fmt: skip
        for path in (key, certificate):
            shutil.chown(path, owner, owner)
        key.chmod(0o600)
