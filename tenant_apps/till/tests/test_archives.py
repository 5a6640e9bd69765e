"""An archive is checked by a script alone, with nothing but Python; and training leaves no trace in what counts."""

import hashlib
import hmac
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone

from conftest import ask, check_invariants
from shared_apps.accounts.models import Role
from shared_apps.catalogue.models import ServiceMode
from shared_apps.core.calendar import business_day
from shared_apps.core.money import decimal
from shared_apps.sales import queries as sales
from tenant_apps.orders.models import Order
from tenant_apps.orders.services import practising
from tenant_apps.stock.models import StockLevel
from tenant_apps.till import archive as package
from tenant_apps.till import exports, queries
from tenant_apps.till.models import Archive, Chain, Closing, Entry
from tenant_apps.till.services import archiving, checking, closings, training
from tenant_apps.till.services.archiving import NotAsArchived, NothingToArchive
from tenant_apps.till.services.training import NotInTraining
from tenant_apps.till.tests.test_closings import paris, sell
from tenant_apps.till.tests.test_journal import as_superuser, verify

VERIFIER = Path(package.__file__).parent / "verifier.py"
KEY = project.TILL_SIGNING_KEYS[0]


@pytest.fixture
def archived(shop) -> Archive:
    """Two days of sales, one of them eaten in, closed, archived on the third."""
    for day in (10, 11):
        sell(shop, paris(2026, 3, day, 20), ask("reine"), ask("cola-33cl", size=None))
    sell(shop, paris(2026, 3, 11, 21), ask("cola-33cl", size=None), mode=ServiceMode.EAT_IN)
    closings.close_missed(shop=shop, now=paris(2026, 3, 12, 12))
    sell(shop, paris(2026, 3, 12, 20))
    starts_on, ends_on = paris(2026, 3, 10).date(), paris(2026, 3, 11).date()
    return archiving.make(shop=shop, starts_on=starts_on, ends_on=ends_on, operator="Inès", now=paris(2026, 3, 12, 21))


def check(folder: Path, data: bytes, *keys: str) -> subprocess.CompletedProcess[str]:
    """Run by a Python that has no site packages and is nowhere near this project."""
    path = folder / "archive.zip"
    path.write_bytes(data)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        (folder / "verifier.py").write_bytes(file.read("verifier.py"))
    command = [sys.executable, "-I", "-S", "verifier.py", str(path), *keys]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def changed(data: bytes, name: str, change) -> bytes:
    """The same zip with one file edited."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            content = old.read(item)
            new.writestr(item, change(content) if item == name else content)
    return out.getvalue()


def forged(data: bytes, change) -> bytes:
    """The journal edited and the manifest made to agree: what somebody without the key can do."""

    def entries(content: bytes) -> bytes:
        journal = json.loads(content)
        change(journal)
        return json.dumps(journal).encode()

    data = changed(data, "journal.json", entries)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        digest = hashlib.sha256(file.read("journal.json")).hexdigest()

    def manifest(content: bytes) -> bytes:
        found = json.loads(content)
        found["files"]["journal.json"] = digest
        return json.dumps(found).encode()

    return changed(data, "manifest.json", manifest)


def test_the_verifier_is_under_a_hundred_lines_and_needs_only_python():
    text = VERIFIER.read_text()
    assert len(text.splitlines()) < 100
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_an_archive_is_checked_anywhere(shop, archived, tmp_path):
    data = archiving.read(archive=archived)
    without = check(tmp_path, data)
    assert without.returncode == 0, without.stderr
    assert "non vérifiées" in without.stdout
    assert archived.digest in without.stdout
    with_key = check(tmp_path, data, KEY)
    assert with_key.returncode == 0, with_key.stderr
    assert "signatures vérifiées" in with_key.stdout
    sealed = Entry.objects.get(number=archived.entry_number).content["detail"]
    assert sealed["digest"] == archived.digest
    assert "intact" in verify(shop)


def test_its_tables_open_in_a_french_spreadsheet(archived):
    with zipfile.ZipFile(io.BytesIO(archiving.read(archive=archived))) as file:
        text = file.read("tva.csv").decode()
        assert set(file.namelist()) >= {"journal.json", "schema.json", "clotures.csv", "LISEZMOI.txt"}
    assert text.startswith("\ufeffecriture;nature;ticket;taux;ht;tva;ttc\r\n")
    assert "2;sale;1;5,5;" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("journal.json", "journal.json a été modifié"),
        ("tva.csv", "tva.csv a été modifié"),
        ("manifest.json", "signature de l'archive"),
    ],
)
def test_a_changed_file_is_named(archived, tmp_path, name, words):
    data = changed(archiving.read(archive=archived), name, lambda content: content.replace(b"In\xc3\xa8s", b"Ines"))
    if name != "manifest.json":
        data = changed(data, name, lambda content: content.replace(b"1", b"2", 1))
    done = check(tmp_path, data, KEY)
    assert done.returncode == 1
    assert words in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda journal: journal[1]["document"]["content"].update(total_cents=1), "signature de l'archive"),
        (lambda journal: journal.pop(2), "signature de l'archive"),
    ],
)
def test_a_forged_manifest_does_not_pass_with_the_key(archived, tmp_path, change, words):
    done = check(tmp_path, forged(archiving.read(archive=archived), change), KEY)
    assert (done.returncode, words in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda journal: journal.pop(2), "écriture 3 : retirée"),
        (lambda journal: journal.insert(2, journal[1]), "écriture 3 : retirée, ou une autre insérée"),
        (lambda journal: journal.pop(), "la fin est coupée"),
        (lambda journal: journal[1]["document"].update(turnover_cents=1), "écriture 2 : total perpétuel faux"),
    ],
)
def test_even_without_the_key_what_does_not_add_up_is_named(archived, tmp_path, change, words):
    done = check(tmp_path, forged(archiving.read(archive=archived), change))
    assert done.returncode == 1
    assert words in done.stderr


def resigned(data: bytes) -> bytes:
    """The manifest signed again with the key: what only its holder can do."""
    name, _sign, secret = KEY.partition(":")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        manifest = file.read("manifest.json")
        assert json.loads(manifest)["key"] == name
    signature = hmac.new(secret.encode(), b"archive\n" + manifest, hashlib.sha256).hexdigest().encode()
    return changed(data, "manifest.sig", lambda _content: signature)


def test_with_the_key_an_edited_entry_is_named_even_under_a_good_manifest(archived, tmp_path):
    def edit(journal) -> None:
        journal[1]["document"]["content"]["operator"] = "Personne"

    data = resigned(forged(archiving.read(archive=archived), edit))
    done = check(tmp_path, data, KEY)
    assert (done.returncode, "écriture 2 : modifiée" in done.stderr) == (1, True), done.stderr
    assert check(tmp_path, resigned(archiving.read(archive=archived)), KEY).returncode == 0


def test_a_forged_closing_is_named_without_the_key(archived, tmp_path):
    def edit(journal) -> None:
        closing = next(one["document"] for one in journal if one["document"]["kind"] == "closing")
        closing["content"]["turnover_cents"] -= 100

    done = check(tmp_path, forged(archiving.read(archive=archived), edit))
    assert done.returncode == 1
    assert "la clôture du 2026-03-10 n'est pas la somme de ses ventes" in done.stderr


def test_an_archive_that_was_changed_here_is_not_given_out(archived):
    as_superuser("UPDATE till_archive SET file = 'PK'")
    with pytest.raises(NotAsArchived):
        archiving.read(archive=Archive.objects.get())


def test_an_archive_whose_files_are_not_those_of_its_manifest_is_not_given_out(archived):
    data = changed(bytes(archived.file), "tva.csv", lambda content: content.replace(b"10", b"20"))
    as_superuser("UPDATE till_archive SET file = %s", data)
    with pytest.raises(NotAsArchived):
        archiving.read(archive=Archive.objects.get())


def test_an_archive_with_a_file_more_is_not_given_out(archived):
    out = io.BytesIO(bytes(archived.file))
    with zipfile.ZipFile(out, "a") as file:
        file.writestr("autre.csv", "1")
    as_superuser("UPDATE till_archive SET file = %s", out.getvalue())
    with pytest.raises(NotAsArchived):
        archiving.read(archive=Archive.objects.get())


def test_an_archive_whose_digest_is_not_the_one_sealed_is_not_given_out(archived):
    """Whoever replaces the file replaces its digest beside it too: the journal knows the first."""
    data = forged(bytes(archived.file), lambda journal: journal[1]["document"].update(turnover_cents=1))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        digest = hashlib.sha256(file.read("manifest.json")).hexdigest()
    as_superuser("UPDATE till_archive SET file = %s, digest = %s", data, digest)
    with pytest.raises(NotAsArchived):
        archiving.read(archive=Archive.objects.get())


def test_an_empty_period_is_not_archived(shop, archived):
    day = paris(2025, 1, 1).date()
    with pytest.raises(NothingToArchive):
        archiving.make(shop=shop, starts_on=day, ends_on=day, operator="", now=timezone.now())


def test_the_exports_equal_the_z(shop, archived):
    closed = list(Closing.objects.filter(period="day"))
    lines = exports.figures(closed).removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("journee;cloture;rubrique")
    assert f"2026-03-10;1;total des ventes;;;;;{decimal(closed[-1].figures['turnover_cents'])};1" in lines
    for closing in closed:
        rows = [line.split(";") for line in lines if line.startswith(f"{closing.starts_on};")]
        gross = sum(int(row[7].replace(",", "")) for row in rows if row[2] == "TVA")
        assert gross == closing.figures["turnover_cents"] > 0
    reported = exports.e_reporting([("123456789", closing) for closing in closed]).splitlines()[1:]
    net = sum(int(row.split(";")[4].replace(",", "")) for row in reported)
    tax = sum(int(row.split(";")[5].replace(",", "")) for row in reported)
    assert net + tax == sum(closing.figures["turnover_cents"] for closing in closed)
    assert [tuple(row.split(";")[index] for index in (1, 2, 3, 6)) for row in reported] == [
        ("2026-03-10", "TLB1", "5,5", "1"),
        ("2026-03-10", "TLB1", "10", "1"),
        ("2026-03-11", "TLB1", "5,5", "1"),
        ("2026-03-11", "TLB1", "10", "1"),
        ("2026-03-11", "TPS1", "10", "1"),  # a closed drink, eaten in
    ]


def test_a_closed_drink_eaten_in_is_a_service_at_ten_per_cent(shop, archived):
    sale = Entry.objects.get(kind="sale", content__mode="eat_in")
    assert [(row["rate"], row["gross_cents"]) for row in sale.content["vat"]] == [(1000, sale.turnover_cents)]
    closing = Closing.objects.get(period="day", starts_on=paris(2026, 3, 11).date())
    rows = {(row["category"], row["rate"]): row["gross_cents"] for row in closing.figures["vat"]}
    assert rows["services", 1000] == sale.turnover_cents
    assert ("goods", 550) in rows
    assert "intact" in verify(shop)


def test_two_shops_of_one_company_are_one_line_of_e_reporting(shop, archived):
    closing = Closing.objects.filter(period="day").first()
    one = exports.e_reporting([("123456789", closing)]).splitlines()
    two = exports.e_reporting([("123456789", closing), ("123456789", closing)]).splitlines()
    assert len(one) == len(two)
    assert int(two[1].split(";")[6]) == 2 * int(one[1].split(";")[6])


def test_head_office_downloads_both_files(shop, archived, make_staff, visit):
    office = visit(None, make_staff(Role.HEAD_OFFICE))
    for name in ("chiffres", "e-reporting"):
        answer = office.get("/siege/exports/", {"fichier": name, "du": "2026-03-01", "au": "2026-03-31"})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert len(answer.content.decode().splitlines()) > 2
    wrong = office.get("/siege/exports/", {"fichier": "chiffres", "du": "2026-03-31", "au": "2026-03-01"})
    assert wrong.status_code == 422


def practise(shop):
    return practising.practise(
        shop=shop,
        lines=[ask("reine", 2)],
        mode=ServiceMode.EAT_IN,
        means="cash",
        operator="Zoé",
        now=timezone.now(),
    )


def test_training_has_a_chain_of_its_own_and_counts_nowhere(shop):
    with pytest.raises(NotInTraining):
        practise(shop)
    training.set_training(shop=shop, is_open=True, operator="Inès", now=timezone.now())
    stock = list(StockLevel.objects.order_by("pk").values_list("on_hand", "reserved"))
    sale = practise(shop)
    practise(shop)
    receipt = queries.training_receipt(number=sale.number)
    assert receipt.banners == ["MODE ÉCOLE"]
    assert [entry.number for entry in Entry.objects.filter(chain=Chain.TRAINING)] == [1, 2, 3, 4]
    assert list(Entry.objects.filter(chain=Chain.TILL).values_list("kind", flat=True)) == ["technical"]
    assert list(StockLevel.objects.order_by("pk").values_list("on_hand", "reserved")) == stock
    assert not Order.objects.exists()
    assert sales.figures(now=timezone.now(), pizzeria_id=shop.id)[0].turnover_cents == 0
    closed = closings.close_day(shop=shop, day=business_day(timezone.now()), operator="", now=timezone.now())
    assert closed.figures["turnover_cents"] == closed.figures["perpetual_cents"] == 0
    training.set_training(shop=shop, is_open=False, operator="Inès", now=timezone.now())
    with pytest.raises(NotInTraining):
        practise(shop)
    assert "intact" in verify(shop)
    check_invariants()


def test_a_verification_is_itself_in_the_journal(shop, archived):
    (till, _training) = checking.verify(shop=shop, operator="Inspection", now=timezone.now())
    last = Entry.objects.filter(chain=Chain.TILL).last()
    assert (last.content["event"], last.content["detail"]) == (
        "journal_verified",
        {"entries": till.entries, "faults": []},
    )


def test_the_tax_inspection_reads_everything_and_changes_nothing(shop, archived, make_staff, visit):
    inspector = visit(shop, make_staff(Role.FISCAL, shop))
    for path in (
        "",
        "clotures/",
        f"clotures/{Closing.objects.first().entry_number}/",
        "journal/",
        "journal/1/",
        "archives/",
    ):
        page = inspector.get(f"/caisse/{path}")
        assert page.status_code == 200, path
        assert "Clôturer " not in page.content.decode()
        connection.set_schema(shop.schema_name)
    assert inspector.get("/caisse/archives/1.zip").content[:2] == b"PK"
    assert inspector.get("/caisse/chiffres.csv", {"du": "2026-03-10", "au": "2026-03-11"}).status_code == 200
    for path in ("cloturer/", "archives/faire/", "ecole/ouvrir/", "ecole/vendre/"):
        assert inspector.post(f"/caisse/{path}").status_code == 403
    for path in ("/comptoir/", "/gestion/", "/cuisine/", "/gestion/stock/"):
        assert inspector.get(path).status_code == 403
    assert inspector.post("/caisse/verifier/", follow=True).status_code == 200
