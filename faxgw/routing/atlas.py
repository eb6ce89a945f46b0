"""Keeps the imported postcodes: a CSV file for each country in the state directory, written whole or not at all.

They are no part of the store: nothing durable rests on them, they can be imported again at any time, and a file that
an operator can read beats a table here (docs/adr/0020). A country that is imported again is replaced.
"""

import csv
import os
from collections.abc import Mapping
from pathlib import Path

from faxgw.errors import ConfigError
from faxgw.routing.places import Place, Places

FOLDER = "postcodes"
HEADER = ["postcode", "latitude", "longitude"]


def load_places(state_dir: Path | None) -> Places:
    """Everything that was imported.

    Raises:
        ConfigError: a file cannot be read as it was written.
    """
    places: dict[tuple[str, str], Place] = {}
    for path in sorted((state_dir / FOLDER).glob("[A-Z][A-Z].csv")) if state_dir is not None else ():
        places |= {(path.stem, code): place for code, place in _read(path).items()}
    return Places(places)


def keep_places(state_dir: Path, places: Mapping[tuple[str, str], Place]) -> dict[str, int]:
    """Write the countries in `places`; returns how many postcodes each has. Durable when it returns."""
    folder = state_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    countries: dict[str, dict[str, Place]] = {}
    for (country, code), place in sorted(places.items()):
        countries.setdefault(country, {})[code] = place
    for country, of_country in countries.items():
        _write(folder / f"{country}.csv", of_country)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return {country: len(of_country) for country, of_country in countries.items()}


def _write(path: Path, places: Mapping[str, Place]) -> None:
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows((code, f"{place.latitude:.5f}", f"{place.longitude:.5f}") for code, place in places.items())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _read(path: Path) -> dict[str, Place]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            return {code: Place(float(latitude), float(longitude)) for code, latitude, longitude in reader}
    except StopIteration:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; import the postcodes of {path.stem} again") from error
