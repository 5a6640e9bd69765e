"""The tables of an archive, as CSV for whoever has a spreadsheet, and what each field means. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from shared_apps.core.money import decimal
from tenant_apps.till import means
from tenant_apps.till.models import Entry

BOM = "\ufeff"
SCHEMA: dict[str, Any] = {
    "journal.json": {
        "document": {
            "chain": "till : la caisse ; training : l'école",
            "number": "numéro de l'écriture, sans trou",
            "kind": "payment, sale, refund, correction, issue (ticket remis), duplicata, closing, technical",
            "at": "moment du scellement, UTC",
            "day": "journée d'exploitation dont la clôture la compte",
            "order": "numéro de la commande",
            "receipt": "numéro du ticket : le sien pour une vente, celui dont elle traite sinon",
            "turnover_cents": "chiffre d'affaires TTC : vente +, remboursement -, correction +/-",
            "taken_cents": "argent : encaissement +, remboursement -",
            "perpetual_cents": "chiffre d'affaires depuis le premier jour, cette écriture comprise",
            "content": "le contenu, selon kind : lignes, TVA, moyens, opérateur, motif…",
            "key": "nom de la clé qui signe",
        },
        "signature": "HMAC-SHA256(clé, signature précédente + saut de ligne + JSON canonique du document)",
    },
    "canonical": "clés triées, sans espace, UTF-8, séparateurs « , » et « : » ; la première signature suit 64 zéros",
}


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """`;`, UTF-8 with BOM, as a French spreadsheet opens it. A text that a spreadsheet would compute is made a text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return BOM + out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t") else value


def tables(entries: Sequence[Entry]) -> dict[str, str]:
    """File name → CSV."""
    return {
        "ecritures.csv": table(
            ("numero", "nature", "scellee_le", "journee", "commande", "ticket", "chiffre_affaires", "argent", "perpetuel"),
            (
                (e.number, e.kind, e.at.isoformat(), e.day, e.order_number, e.receipt_number, decimal(e.turnover_cents),
                 decimal(e.taken_cents), decimal(e.perpetual_cents))
                for e in entries
            ),
        ),
        "lignes.csv": table(
            ("ecriture", "ticket", "quantite", "libelle", "prix_unitaire", "remise", "taux", "montant_ttc"),
            (
                (e.number, e.receipt_number, line["quantity"], line["label"], decimal(line["unit_cents"]),
                 decimal(line["discount_cents"]), rate(part["rate"]), decimal(part["cents"]))
                for e in entries
                for line in e.content.get("lines", ())
                for part in line["parts"]
            ),
        ),
        "tva.csv": table(
            ("ecriture", "nature", "ticket", "taux", "ht", "tva", "ttc"),
            (
                (e.number, e.kind, e.receipt_number, rate(row["rate"]), decimal(row["net_cents"]),
                 decimal(row["vat_cents"]), decimal(row["gross_cents"]))
                for e in entries
                if e.kind != Entry.Kind.CLOSING
                for row in e.content.get("vat", ())
            ),
        ),
        "encaissements.csv": table(
            ("ecriture", "nature", "commande", "moyen", "montant", "pourboire", "encaisse_le", "operateur"),
            (
                (e.number, e.kind, e.order_number, means.label(e.content["means"]), decimal(e.taken_cents),
                 decimal(e.content.get("tip_cents", 0)), e.content.get("taken_at", ""), e.content["operator"])
                for e in entries
                if e.taken_cents
            ),
        ),
        "clotures.csv": table(
            ("ecriture", "periode", "numero", "du", "au", "ventes", "remboursements", "chiffre_affaires", "perpetuel"),
            (
                (e.number, c["period"], c["closing"], c["starts_on"], c["ends_on"], c["sales"], c["refunds"],
                 decimal(c["turnover_cents"]), decimal(c["perpetual_cents"]))
                for e in entries
                if e.kind == Entry.Kind.CLOSING
                for c in (e.content,)
            ),
        ),
    }  # fmt: skip


def rate(basis_points: int) -> str:
    """`550` is `5,5`."""
    return f"{basis_points / 100:g}".replace(".", ",")
