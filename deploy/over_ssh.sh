#!/usr/bin/env bash
# over_ssh.sh COMMIT: puts a commit in service on the server, by SSH. The workflow calls it, an operator may too.
# From the environment: SSH_HOST, SSH_PORT, SSH_USER, SSH_KEY (the private key itself) and SSH_PASS (its passphrase).
# The key stays in an agent: it is never written down, and nothing of it is printed.
# The server is the one whose public key deploy/known_hosts has, or there is no connection (docs/adr/0038).
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
commit=${1:?le commit à mettre en service}
known_hosts=${DEPLOY_KNOWN_HOSTS:-$folder/known_hosts}

fail() { echo "ÉCHEC : $*" >&2; exit 1; }
for name in SSH_HOST SSH_PORT SSH_USER SSH_KEY SSH_PASS; do
    [ -n "${!name:-}" ] || fail "$name est vide : c'est une variable secrète du dépôt."
done
[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "$commit n'est pas le nom complet d'un commit."
grep -q '^ocpizza ' "$known_hosts" || fail "deploy/known_hosts n'a pas encore la clé du serveur : il dit comment l'y mettre."

work=$(mktemp -d)
trap 'ssh-agent -k > /dev/null 2>&1 || true; rm -rf "$work"' EXIT
eval "$(ssh-agent -s)" > /dev/null
# Says the passphrase once: to a wrong one ssh-add would go on asking.
cat > "$work/askpass" << 'SAY'
#!/bin/sh
[ -e "$0.asked" ] && exit 1
: > "$0.asked"
printf '%s\n' "$SSH_PASS"
SAY
chmod 700 "$work/askpass"
printf '%s\n' "$SSH_KEY" | tr -d '\r' | SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force ssh-add -q - 2> "$work/said" \
    || fail "SSH_KEY ne s'ouvre pas avec SSH_PASS."

options=(-o BatchMode=yes -o StrictHostKeyChecking=yes -o HostKeyAlias=ocpizza -o "UserKnownHostsFile=$known_hosts"
    -o GlobalKnownHostsFile=/dev/null -o ForwardAgent=no -o ConnectTimeout=20 -o ServerAliveInterval=15)
# SSH_KEY, SSH_PASS and the agent stop here: ssh is given the words of one command.
# shellcheck disable=SC2029  # meant: the words are made here
ssh "${options[@]}" -p "$SSH_PORT" "$SSH_USER@$SSH_HOST" "python3 - $commit ${DEPLOY_ARGUMENTS:-}" < "$folder/release.py"
