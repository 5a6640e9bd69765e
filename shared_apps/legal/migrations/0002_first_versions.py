"""The first texts, as the templates had them: version « 2026-11 », which the orders of that time name."""

import datetime as dt

from django.conf import settings
from django.db import migrations
from django.utils import timezone

NAME, SINCE = "2026-11", dt.datetime(2026, 10, 31, 23, tzinfo=dt.UTC)  # the first of November in Paris

TERMS = """\
## Vendeur

{raison-sociale}, SIRET {siret}, TVA {tva}. Chaque pizzeria indique sur son site son adresse, son téléphone et, si elle en a une propre, son identité légale.

## Commande

Le panier récapitule les produits, les options, les allergènes, les frais et le total toutes taxes comprises. La commande est passée par le bouton « {bouton-de-commande} » (art. L221-14 du Code de la consommation). Elle peut être modifiée ou annulée sans frais tant que la cuisine ne l’a pas prise en charge.

## Prix et paiement

{mention-des-prix} Le paiement se fait par carte en ligne, débitée quand la cuisine commence, ou à la livraison ou au retrait : carte bancaire, espèces, chèque, titre-restaurant. Une livraison d’un montant élevé peut n’être acceptée que payée en ligne.

## Livraison et retrait

La zone, les frais et le minimum de commande sont affichés par chaque pizzeria avant le premier ajout au panier. L’heure annoncée est un créneau.

## Droit de rétractation

Il ne s’applique pas aux denrées préparées à la demande ou rapidement périssables (art. L221-28, 3° et 4°).

## Réclamation et médiation

Adressez-vous d’abord à la pizzeria. À défaut d’accord, vous pouvez saisir gratuitement un médiateur de la consommation : {mediateur}.
"""

LEGAL_NOTICE = """\
{raison-sociale}, SIRET {siret}, TVA {tva}.

Contact : {e-mail}

Les allergènes sont calculés à partir des recettes et des options choisies (règlement UE 1169/2011). L’origine des viandes est indiquée sur la carte de chaque pizzeria (décrets 2002-1465 et 2022-65).

Communes et codes postaux : découpage administratif (Etalab, Licence ouverte) et GeoNames (CC BY 4.0).
"""

PRIVACY = """\
## Qui, et pour quoi

{responsable} est responsable de ces traitements, avec la pizzeria où vous commandez. Une pizzeria ne voit que les commandes passées chez elle. Contact : {e-mail}

Vos données servent à préparer, livrer et encaisser vos commandes (exécution du contrat), à tenir nos comptes (obligation légale), à nous protéger des commandes abusives et à sécuriser les comptes (intérêt légitime). Vos allergies ne sont gardées dans votre compte qu’avec votre consentement, et la position d’un livreur qu’avec le sien. Aucune publicité, aucun profilage, rien n’est vendu.

## Ce que nous gardons, et combien de temps

| Donnée | Durée |
| --- | --- |
| Note d’allergie d’une commande | {duree-allergie} après la fin de la commande |
| Rue, accès, position et note d’une livraison | {duree-livraison} après la fin de la commande |
| Nom, téléphone et e-mail d’une commande | {duree-contact} après la fin de la commande |
| Compte client : e-mail, nom, téléphone, adresses, allergies | jusqu’à ce que vous l’effaciez, ou {duree-compte} sans commande ni connexion ; un e-mail vous prévient {preavis-compte} avant |
| Sessions : adresse IP et navigateur | {duree-session} au plus |
| Panier, commande laissée en attente au comptoir | {duree-panier} ; au comptoir, la journée |
| Adresse cherchée sur la carte (sans nom) | {duree-recherche} |
| Numéro bloqué après des commandes non retirées | la durée décidée, {duree-blocage} au plus ; il est gardé même si le compte est effacé |
| Position d’un livreur | la tournée |
| Copie de vos données que vous avez demandée | {duree-copie} |
| Ventes, tickets de caisse | 6 ans au moins, sans votre nom |
| Actes d’un membre de l’équipe : réglages, caisse, rôles | aussi longtemps que les registres où ils sont inscrits |
| Facture établie à votre demande | 10 ans, comme la loi le demande, même si le compte est effacé |

Les sauvegardes expirent après {duree-sauvegardes} : ce qui est effacé en disparaît alors aussi. Une commande en cours, ou dont un litige est ouvert, garde ses données jusqu’à sa fin.

## Qui d’autre les reçoit

Stripe encaisse les paiements en ligne : aucun numéro de carte ne nous parvient, votre e-mail lui est transmis pour le reçu. Google Maps, quand il est utilisé, reçoit les adresses à situer, sans nom. Notre hébergeur et notre service d’e-mails les traitent pour notre compte. Les erreurs du site sont suivies par Sentry, sans donnée personnelle.

## Vos droits

Accès, rectification, effacement, limitation, opposition, portabilité, retrait d’un consentement : la plupart en un geste dans [votre compte](/mon-compte/) (coordonnées, adresses, allergies, [copie et effacement](/mon-compte/donnees/)). Sans compte, ou pour toute autre demande, écrivez à {e-mail} : nous répondons dans le mois. Vous pouvez aussi adresser une réclamation à la [CNIL](https://www.cnil.fr/fr/plaintes), 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07.

Une commande passée sans compte n’est liée à personne : ses données s’effacent d’elles-mêmes aux durées ci-dessus, ou plus tôt à votre demande, une fois vérifié que le numéro est le vôtre.

## Cookies

Les seuls cookies sont nécessaires : connexion, panier (7 jours), protection des formulaires, appareil de la pizzeria. Aucune mesure d’audience, aucune publicité.
"""

TEXTS = {"conditions-de-vente": TERMS, "mentions-legales": LEGAL_NOTICE, "confidentialite": PRIVACY}


def write(apps, schema_editor):
    seller = {
        "raison-sociale": settings.GROUP_LEGAL_NAME,
        "siret": settings.GROUP_SIRET,
        "tva": settings.GROUP_VAT_NUMBER,
    }
    since = min(SINCE, timezone.now())
    for page, source in TEXTS.items():
        apps.get_model("legal", "Version").objects.create(
            page=page, number=1, name=NAME, source=source.strip(), values=seller, published_at=since, effective_at=since
        )


class Migration(migrations.Migration):
    contracts = "fills a table that is new, once, in the public schema"

    dependencies = [("legal", "0001_initial")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
