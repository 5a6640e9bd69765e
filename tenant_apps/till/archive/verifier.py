"""Vérifie une archive de caisse OC Pizza. Python 3.9 ou plus, rien d'autre à installer.

    python verifier.py archive.zip                    empreintes, numéros, totaux, clôtures
    python verifier.py archive.zip nom:secret ...     et toutes les signatures, avec la clé que l'exploitant confie

Sort avec le code 0 si tout est intact, sinon 1 en nommant la première écriture fautive.
"""

import hashlib
import hmac
import json
import sys
import zipfile
from typing import Any, Dict, List, NoReturn, Tuple


def fail(words: str) -> NoReturn:
    sys.exit("ANOMALIE : " + words)


def canonical(document: Dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_signed(keys: Dict[str, bytes], name: str, text: bytes, signature: str) -> bool:
    if name not in keys:
        fail(f"la clé « {name} » n'a pas été donnée")
    return hmac.compare_digest(hmac.new(keys[name], text, hashlib.sha256).hexdigest(), signature)


def check_files(archive: zipfile.ZipFile, keys: Dict[str, bytes]) -> Tuple[Dict[str, Any], str]:
    written = archive.read("manifest.json")
    manifest = json.loads(written)
    others = set(archive.namelist()) - {"manifest.json", "manifest.sig"} ^ set(manifest["files"])
    if others:
        fail(f"fichiers en trop ou manquants : {sorted(others)}")
    for name, digest in manifest["files"].items():
        if hashlib.sha256(archive.read(name)).hexdigest() != digest:
            fail(f"le fichier {name} a été modifié")
    signature = archive.read("manifest.sig").decode().strip()
    if keys and not is_signed(keys, manifest["key"], b"archive\n" + written, signature):
        fail("la signature de l'archive n'est pas la bonne")
    return manifest, hashlib.sha256(written).hexdigest()


def check_entries(entries: List[Dict[str, Any]], manifest: Dict[str, Any], keys: Dict[str, bytes]) -> None:
    number, previous, perpetual = manifest["first"] - 1, manifest["previous"], manifest["perpetual_before_cents"]
    for entry in entries:
        document, number = entry["document"], number + 1
        perpetual += document["turnover_cents"]
        if document["number"] != number:
            fail(f"écriture {number} : retirée, ou une autre insérée")
        text = previous.encode() + b"\n" + canonical(document)
        if keys and not is_signed(keys, document["key"], text, entry["signature"]):
            fail(f"écriture {number} : modifiée")
        if document["perpetual_cents"] != perpetual:
            fail(f"écriture {number} : total perpétuel faux")
        previous = entry["signature"]
    if number != manifest["last"]:
        fail(f"écriture {number + 1} : la fin est coupée")


def check_closings(entries: List[Dict[str, Any]], manifest: Dict[str, Any]) -> None:
    days: Dict[str, int] = {}
    for document in (entry["document"] for entry in entries):
        days[document["day"]] = days.get(document["day"], 0) + document["turnover_cents"]
        content = document["content"]
        if document["kind"] != "closing" or content["period"] != "day":
            continue
        day = content["starts_on"]
        if manifest["from"] <= day <= manifest["to"] and content["turnover_cents"] != days[day]:
            fail(f"écriture {document['number']} : la clôture du {day} n'est pas la somme de ses ventes")


def main(path: str, pairs: List[str]) -> None:
    keys = {name: secret.encode() for name, _, secret in (pair.partition(":") for pair in pairs)}
    with zipfile.ZipFile(path) as archive:
        manifest, digest = check_files(archive, keys)
        entries = json.loads(archive.read("journal.json"))
    check_entries(entries, manifest, keys)
    check_closings(entries, manifest)
    print(f"{manifest['seller']['name']}, du {manifest['from']} au {manifest['to']} : {len(entries)} écritures")
    print("Archive intacte ; " + ("signatures vérifiées." if keys else "signatures non vérifiées : aucune clé donnée."))
    print("Empreinte à comparer à celle du journal : " + digest)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
