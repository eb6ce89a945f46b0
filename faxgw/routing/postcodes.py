"""Reads where postcodes lie from the files that post offices and GeoNames give away.

Two kinds are known by their look: GeoNames' postal codes (tabs, no header, a country in each line,
https://download.geonames.org/export/zip/readme.txt), and files with a header as La Poste's *hexasmal*
(https://datanova.laposte.fr/datasets/laposte-hexasmal), whose columns are found by their names. A line that cannot
be used is named with its reason and left out; a file of which nothing can be used is refused.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from faxgw.errors import OperatorError
from faxgw.routing.candidate import fold_postcode
from faxgw.routing.places import Place, middle_of

BAD_LINES_KEPT_MAX = 1_000
GEONAMES_COLUMNS = 12

_CODE = ("code_postal", "postal_code", "postcode", "postnummer", "zip")
_POINT = ("coordonnees_gps", "coordonnees_geographiques", "geo_point_2d", "geopoint", "_geopoint")
_LATITUDE = ("latitude", "lat")
_LONGITUDE = ("longitude", "lon", "lng")
_COUNTRY = ("country_code", "country", "pays")


class PostcodesUnreadableError(OperatorError):
    """The file is of no known kind, or nothing in it can be used."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out, counted from 1."""

    number: int
    why: str


@dataclass(slots=True)
class ReadPostcodes:
    """What a file tells: the middle of all places that share a postcode."""

    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    lines: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)
    """The first of them."""
    bad_count: int = 0

    def note_bad(self, number: int, why: str) -> None:
        self.bad_count += 1
        if len(self.bad_lines) < BAD_LINES_KEPT_MAX:
            self.bad_lines.append(BadLine(number, why))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand in a line."""

    code: int
    latitude: int
    longitude: int
    """The same as `latitude` where one column has both."""
    country: int | None


GEONAMES = _Columns(code=1, latitude=9, longitude=10, country=0)


def read_postcodes(content: bytes, country: str | None = None) -> ReadPostcodes:
    """The places in a file. `country` is for files that do not tell it in each line.

    Raises:
        PostcodesUnreadableError: nothing in it can be used; the message says what is missing.
    """
    if not content.strip():
        raise PostcodesUnreadableError("the file is empty")
    read = ReadPostcodes()
    rows, columns, home = _open(_decode(content), country)
    found: dict[tuple[str, str], list[Place]] = {}
    for number, row in rows:
        read.lines += 1
        match _read_row(row, columns, home):
            case str() as why:
                read.note_bad(number, why)
            case key, place:
                found.setdefault(key, []).append(place)
    if not found:
        told = f"; line {read.bad_lines[0].number}: {read.bad_lines[0].why}" if read.bad_lines else ""
        raise PostcodesUnreadableError(f"no line of the file can be used{told}")
    read.places = {key: middle_of(places) for key, places in found.items()}
    return read


def _open(text: str, country: str | None) -> tuple[Iterator[tuple[int, list[str]]], _Columns, str | None]:
    """The file's lines with their numbers, where things stand in them, and the country where they do not tell it."""
    first = text.partition("\n")[0]
    cells = first.split("\t")
    if len(cells) >= GEONAMES_COLUMNS - 1 and len(cells[0]) == 2 and cells[0].isupper():
        return _numbered(text, "\t"), GEONAMES, country
    rows = _numbered(text, max(";\t,", key=first.count))
    _, header = next(rows, (0, []))
    columns = _columns_of(header)
    home = country or ("FR" if "insee" in _fold(first) else None)
    if columns.country is None and home is None:
        raise PostcodesUnreadableError("the file does not tell the country: name it with --country")
    return rows, columns, home


def _read_row(row: Sequence[str], columns: _Columns, home: str | None) -> tuple[tuple[str, str], Place] | str:
    last = max(columns.code, columns.latitude, columns.longitude, columns.country or 0)
    if len(row) <= last:
        return f"has {len(row)} columns, needs {last + 1}"
    country = (row[columns.country].strip().upper() if columns.country is not None else "") or home or ""
    if len(country) != 2 or not country.isalpha():
        return f"{country!r} is no country of two letters"
    code = fold_postcode(row[columns.code])
    if not code:
        return "has no postcode"
    place = _place_of(row[columns.latitude], row[columns.longitude], is_point=columns.latitude == columns.longitude)
    return place if isinstance(place, str) else ((country, code), place)


def _place_of(latitude: str, longitude: str, *, is_point: bool) -> Place | str:
    if is_point:
        latitude, comma, longitude = latitude.partition(",")
        if not comma:
            return "has no coordinates"
    try:
        place = Place(float(latitude), float(longitude))
    except ValueError:
        return "has no coordinates" if not latitude.strip() else "its coordinates are no numbers"
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        return f"{place.latitude:g}, {place.longitude:g} is not on the map"
    return place


def _columns_of(header: Sequence[str]) -> _Columns:
    names = [_fold(name) for name in header]

    def find(known: Sequence[str]) -> int | None:
        return next((names.index(name) for name in known if name in names), None)

    code, point = find(_CODE), find(_POINT)
    latitude, longitude = (point, point) if point is not None else (find(_LATITUDE), find(_LONGITUDE))
    if code is None or latitude is None or longitude is None:
        wanted = "a postcode" if code is None else "coordinates"
        raise PostcodesUnreadableError(
            f"no column of the file has {wanted}; it has {', '.join(names)[:200]}. Known are GeoNames' postal codes "
            "and files with the columns Code_postal and coordonnees_gps, or postcode, latitude and longitude"
        )
    return _Columns(code, latitude, longitude, find(_COUNTRY))


def _numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # GeoNames quotes nothing, and has names with quotation marks in them.
    lines = io.StringIO(text, newline="")
    is_plain = delimiter == "\t"
    reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL)
    try:
        for row in reader:
            if any(row):
                yield reader.line_num, row
    except csv.Error as error:
        raise PostcodesUnreadableError(f"line {reader.line_num} cannot be read: {error}") from error


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # La Poste's older files; every byte is a letter there.
        return content.decode("latin-1")


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.strip().strip("#").strip().lower().replace(" ", "_")
