"""The pay page and the bank's page of the stand-in, in French, without script."""

import html
from typing import Any

from stripe_stand_in.intents import CARDS
from stripe_stand_in.objects import Object

NO_BREAK = "\u00a0"
CHOICES = {
    "accepted": ("Carte acceptée", "Le paiement passe tout de suite."),
    "challenged": ("Carte avec 3-D Secure", "La banque demande une confirmation."),
    "refused": ("Carte refusée", "La banque refuse le paiement."),
    "insufficient": ("Provision insuffisante", "Le compte n’a pas la somme."),
}

STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#f4f6fa, #12161d); --paper: light-dark(#fff, #1b212b);
  --ink: light-dark(#1b2430, #eef2f8); --soft: light-dark(#545f70, #b3bfcf); --line: light-dark(#d8dee8, #364050);
  --edge: light-dark(#7b8798, #8391a5); --accent: light-dark(#3a3fb8, #4f55d6); --link: light-dark(#3a3fb8, #b6b9ff);
  --bad: light-dark(#a3211a, #ffb0a3); --bad-ground: light-dark(#fde8e5, #43150f);
  --warn: light-dark(#6b4300, #ffd27a); --warn-ground: light-dark(#fff1cf, #3b2b08); }
*, *::before { box-sizing: border-box; } body, h1, h2, p, ul, fieldset, dl, dd { margin: 0; padding: 0; }
body { min-height: 100vh; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere; }
.demo { padding: 0.75rem 1rem; background: var(--warn-ground); color: var(--warn); font-weight: 650; text-align: center; }
main { width: min(100% - 2rem, 60rem); margin: 1.5rem auto 3rem; display: grid; gap: 1.25rem; }
.card { display: grid; gap: 1rem; align-content: start; padding: 1.25rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: 0.875rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.1rem; } ul { list-style: none; display: grid; gap: 0.6rem; }
li { display: flex; justify-content: space-between; gap: 1rem; } .sum { white-space: nowrap; font-variant-numeric: tabular-nums; }
.total { display: flex; justify-content: space-between; padding-top: 0.8rem; border-top: 1px solid var(--line);
  font-size: 1.25rem; font-weight: 700; }
.soft { color: var(--soft); } fieldset { border: 0; display: grid; gap: 0.6rem; }
legend { font-weight: 650; padding: 0 0 0.6rem; }
label { display: grid; grid-template-columns: 1.5rem 1fr auto; gap: 0.1rem 0.75rem; align-items: center; min-height: 3.5rem;
  padding: 0.6rem 0.9rem; border: 1px solid var(--edge); border-radius: 0.6rem; cursor: pointer; }
label:has(:checked) { border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link); }
label input { width: 1.35rem; height: 1.35rem; margin: 0; grid-row: span 2; accent-color: var(--accent); }
label small { grid-column: 2 / -1; color: var(--soft); font-size: 0.875rem; } .digits { font-variant-numeric: tabular-nums; }
button, .button { display: flex; align-items: center; justify-content: center; min-height: 3rem; width: 100%;
  padding: 0.6rem 1rem; border: 2px solid transparent; border-radius: 0.6rem; background: var(--accent);
  color: #fff; font: inherit; font-weight: 650;
  text-decoration: none; text-align: center; cursor: pointer; }
.second { background: none; color: var(--ink); border-color: var(--edge); }
button:hover, .button:hover { filter: brightness(1.1); } form { display: grid; gap: 1rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; } .wrong { padding: 0.8rem 1rem; border-radius: 0.6rem;
  background: var(--bad-ground); color: var(--bad); font-weight: 650; }
main.narrow { width: min(100% - 2rem, 30rem); }
@media (min-width: 52rem) { main.pay { grid-template-columns: 1fr 1.2fr; align-items: start; } }
"""


def euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}{NO_BREAK}€"


def _page(title: str, content: str, kind: str) -> str:
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)} · Paiement de démonstration</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/c/style.css"></head><body>'
        '<p class="demo" role="note">Paiement de démonstration : aucune carte n’est demandée, rien n’est débité.</p>'
        f'<main class="{kind}">{content}</main></body></html>'
    )


def pay(session: Object, asked: Object, refusal: str = "") -> str:
    total = euros(session["amount_total"])
    lines = "".join(_line(line) for line in asked["lines"])
    wrong = f'<p class="wrong" role="alert">{html.escape(refusal)} Choisissez une autre carte.</p>' if refusal else ""
    back = html.escape(session["cancel_url"] or "", quote=True)
    give_up = f'<a class="button second" href="{back}">Abandonner et revenir à la pizzeria</a>' if back else ""
    content = (
        f'<section class="card" aria-labelledby="what"><h2 id="what">Ce que vous réglez</h2><ul>{lines}</ul>'
        f'<p class="total"><span>Total</span><span class="sum">{total}</span></p></section>'
        f'<section class="card"><h1>Payer {total}</h1>{wrong}<form method="post"><fieldset><legend>Carte d’essai</legend>'
        + "".join(_choice(card, card == "accepted") for card in CHOICES)
        + f"</fieldset><button>Payer {total}</button></form>{give_up}</section>"
    )
    return _page(("Erreur : " if refusal else "") + f"Payer {total}", content, "pay")


def _line(line: dict[str, Any]) -> str:
    price, quantity = line["price_data"], line.get("quantity", 1)
    name = html.escape(price["product_data"]["name"])
    count = f"{quantity} × " if quantity > 1 else ""
    return f'<li><span>{count}{name}</span><span class="sum">{euros(price["unit_amount"] * quantity)}</span></li>'


def _choice(card: str, checked: bool) -> str:
    name, what = CHOICES[card]
    return (
        f'<label><input type="radio" name="card" value="{card}"{" checked" if checked else ""}>'
        f'<span>{name}</span><span class="digits soft">•••• {CARDS[card].last4}</span><small>{what}</small></label>'
    )


def challenge(session: Object) -> str:
    total = euros(session["amount_total"])
    return _page(
        "Confirmation de votre banque",
        '<section class="card"><h1>Votre banque vous demande de confirmer</h1>'
        f"<p>Un paiement de <strong>{total}</strong> à OC Pizza attend votre accord (3-D Secure).</p>"
        '<p class="soft">Ici la banque est imaginaire : répondez comme vous voulez.</p>'
        '<form method="post"><button name="answer" value="yes">Confirmer le paiement</button>'
        '<button class="second" name="answer" value="no">Refuser</button></form></section>',
        "narrow",
    )


def over(session: Object | None) -> str:
    back = html.escape((session or {}).get("cancel_url") or "", quote=True)
    link = f'<a class="button" href="{back}">Revenir à ma commande</a>' if back else ""
    return _page(
        "Paiement fermé",
        '<section class="card"><h1>Ce paiement n’est plus ouvert</h1>'
        f"<p>Il a été réglé, abandonné, ou son temps est passé. Rien n’est débité ici.</p>{link}</section>",
        "narrow",
    )
