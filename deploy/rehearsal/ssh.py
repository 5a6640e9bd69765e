"""An SSH server on loopback and a key with a passphrase: what the workflow's five secrets open."""

import os
import secrets
from pathlib import Path

from installed import HOME, USER
from machine import run

PORT = 20022
CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {home}/sshd.pid
AuthorizedKeysFile {home}/.ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowUsers {user}
UsePAM no
"""
# What pip needs to reach its registry where that is set by the environment: a session of SSH has none of it.
PASSED_ON = ("PIP_", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Ssh:
    def __init__(self, folder: Path) -> None:
        self.folder, self.passphrase = folder, secrets.token_urlsafe(24)
        for name, passphrase in (("host_key", ""), ("key", self.passphrase)):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(folder / name))
        self._authorise()
        self._start()
        self.known_hosts = folder / "known_hosts"
        public = (folder / "host_key.pub").read_text().split()
        self.known_hosts.write_text(f"ocpizza {public[0]} {public[1]}\n")

    def _authorise(self) -> None:
        keys = HOME / ".ssh"
        keys.mkdir(mode=0o700)
        (keys / "authorized_keys").write_text((self.folder / "key.pub").read_text())
        run("chown", "-R", f"{USER}:{USER}", str(keys))

    def _start(self) -> None:
        text = CONFIGURATION.format(port=PORT, folder=self.folder, home=HOME, user=USER)
        variables = [f'"{name}={value}"' for name, value in os.environ.items() if name.startswith(PASSED_ON)]
        if variables:
            text += f"SetEnv {' '.join(variables)}\n"
        (self.folder / "sshd_config").write_text(text)
        Path("/run/sshd").mkdir(exist_ok=True)
        run("/usr/sbin/sshd", "-f", str(self.folder / "sshd_config"))

    def other_key(self) -> str:
        """A private key with the same passphrase, which the server does not know."""
        path = self.folder / "other_key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", self.passphrase, "-C", "", "-f", str(path))
        return path.read_text()

    def secrets(self, **changes: str) -> dict[str, str]:
        """The five of the repository, and where the host's key is known from."""
        return {
            "SSH_HOST": "127.0.0.1",
            "SSH_PORT": str(PORT),
            "SSH_USER": USER,
            "SSH_KEY": (self.folder / "key").read_text(),
            "SSH_PASS": self.passphrase,
            "DEPLOY_KNOWN_HOSTS": str(self.known_hosts),
            **changes,
        }
