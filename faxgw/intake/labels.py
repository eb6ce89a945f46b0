"""Finds an order's fields in lines of text by their labels, in the languages that florists write in.

What belongs to a label stands behind it (`Deliver on: 29/05/2027`), to its right, or below it down to the next label.
"""

import functools
import re
from collections.abc import Iterator, Sequence

from faxgw.intake.faxread import FieldRead, TextLine
from faxgw.intake.values import plain, read_town

_LABELS = {
    "delivery_date": "deliver on, delivery date, date of delivery, date de livraison, a livrer le, livraison le, "
    "lieferdatum, liefern am, lieferung am, liefertag, zu liefern am, leveringsdato, leveres den, levering",
    "recipient_name": "recipient, deliver to, destinataire, livrer a, empfanger, empfaenger, lieferung an, mottaker, "
    "leveres til",
    "company": "company, societe, entreprise, firma",
    "street": "street, address, delivery address, adresse, adresse de livraison, rue, strasse, straße, lieferadresse, "
    "anschrift, gateadresse",
    "town": "postcode and city, plz / ort, plz/ort, plz ort, code postal et ville, cp ville, cp / ville, town",
    "postcode": "postcode, post code, zip, code postal, cp, plz, postleitzahl, postnummer, postnr",
    "city": "city, ville, ort, stadt, poststed",
    "country": "country, pays, land",
    "phone": "phone, telephone, tel, tlf, telefon",
    "product": "product, products, item, bouquet, arrangement, produit, produits, article, designation, produkt, ware, "
    "artikel, vare, varer",
    "quantity": "quantity, qty, quantite, qte, anzahl, menge, antall",
    "execution_price": "execution price, prix d'execution, ausfuhrungspreis, ausfuehrungspreis, utforelsespris",
    "customer_price": "customer price, price, amount, total, prix client, prix, montant, montant total, preis, "
    "kundenpreis, betrag, gesamtbetrag, pris, kundepris, belop",
    "card": "card message, card, message on the card, message, texte de la carte, carte, message carte, kartentext, "
    "karte, grusskarte, korttekst, kort",
    "instructions": "instructions, remarks, consignes, remarques, hinweise, bemerkungen, beskjeder, merknader",
    "reference": "order no, order number, your order no, flower order no, commande n°, commande no, n° de commande, "
    "commande florale n°, votre n° de commande, auftrags-nr, auftragsnummer, bestellnummer, auftrag nr, ordrenr, "
    "ordrenummer",
    "": "sender, from, expediteur, executor, executant, absender, ausfuhrender, avsender, fax, date, datum, dato, "
    "reply, reponse, antwort, svar, payment reference, ref. de paiement, code, description, unit price, prix unit, ref",
}
"""As `plain` has them; under "" what ends a field and is none of ours."""

_PROSE = {"card", "instructions"}
"""Fields of many lines that need no label to end each."""

_RIGHT_OF_ROWS = 0.6
"""Two lines stand beside each other when so much of the lower one's height overlaps."""

_BLOCK_GAP = 2.2
"""Lines further apart than that many heights belong to different blocks."""


def fields_in_text(lines: Sequence[TextLine]) -> list[FieldRead]:
    """Each field that a label names, the first one where it stands twice."""
    found: dict[str, FieldRead] = {}
    for index, line in enumerate(lines):
        name, rest = _label_of(line.text)
        if name and name not in found:
            value = _value(name, rest, index, lines)
            if value:
                found[name] = value
    return list(_with_address(found))


@functools.cache
def _by_label() -> list[tuple[str, str]]:
    """Label and field, the longest label first."""
    pairs = [(label.strip(), name) for name, labels in _LABELS.items() for label in labels.split(",")]
    return sorted(((plain(label), name) for label, name in pairs), key=lambda pair: -len(pair[0]))


def _label_of(text: str) -> tuple[str | None, str]:
    """The field that a line's label names, and what stands behind it; None for a line without a label."""
    flat = plain(text)
    for label, name in _by_label():
        if flat == label or flat.rstrip(" :.") == label:
            return name, ""
        if flat.startswith(label) and re.match(r"\s*[.°]?\s*:", flat[len(label) :]):
            return name, text.partition(":")[2].strip()
    return None, ""


def _value(name: str, rest: str, index: int, lines: Sequence[TextLine]) -> FieldRead | None:
    label = lines[index]
    taken = [rest] if rest else []
    sure = [label.confidence] if rest else []
    if not rest:
        for line in _right_of(label, lines) or _below(label, index, lines, prose=name in _PROSE):
            taken.append(line.text)
            sure.append(line.confidence)
    elif name in _PROSE or name == "recipient_name":
        for line in _below(label, index, lines, prose=name in _PROSE):
            taken.append(line.text)
            sure.append(line.confidence)
    return FieldRead(name=name, text="\n".join(taken), confidence=round(min(sure), 3)) if taken else None


def _right_of(label: TextLine, lines: Sequence[TextLine]) -> list[TextLine]:
    """What stands beside the label, if it is no label itself: the nearest."""
    beside = [
        line for line in lines if line.left >= label.right and _overlap(label, line) and _label_of(line.text)[0] is None
    ]
    return sorted(beside, key=lambda line: line.left)[:1]


def _overlap(label: TextLine, line: TextLine) -> bool:
    common = min(label.bottom, line.bottom) - max(label.top, line.top)
    return common >= _RIGHT_OF_ROWS * min(label.bottom - label.top, line.bottom - line.top)


def _below(label: TextLine, index: int, lines: Sequence[TextLine], *, prose: bool) -> list[TextLine]:
    """The lines under the label, down to the next label or a gap."""
    block: list[TextLine] = []
    last = label
    for line in lines[index + 1 :]:
        if _overlap(last, line) or line.left > label.right + 400 or line.right < label.left:
            continue
        gap = line.top - last.bottom
        if _label_of(line.text)[0] is not None or gap > _BLOCK_GAP * max(line.bottom - line.top, 24):
            break
        block.append(line)
        last = line
    return block if prose else block[:8]


def _with_address(found: dict[str, FieldRead]) -> Iterator[FieldRead]:
    """A recipient of many lines is an address: name, streets, town, and perhaps a phone that has a label of its own."""
    recipient = found.get("recipient_name")
    lines = recipient.text.splitlines() if recipient else []
    address = {} if recipient is None else dict(_parts(lines))
    if "town" in found:
        address |= dict(_town(found["town"].text))
    for name, text in address.items():
        source = found["town"] if name in {"postcode", "city"} and "town" in found else recipient
        if source is not None and (name not in found or name == "recipient_name"):
            found[name] = FieldRead(name=name, text=text, confidence=source.confidence)
    found.pop("town", None)
    yield from found.values()


def _parts(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "recipient_name", lines[0]
    towns = [index for index, line in enumerate(lines) if index and read_town(line)]
    if not towns:
        return
    if streets := lines[1 : towns[0]]:
        yield "street", "\n".join(streets)
    yield from _town(lines[towns[0]])
    for line in lines[towns[0] + 1 :]:
        name, rest = _label_of(line)
        if name is None and not any(letter.isdigit() for letter in line):
            yield "country", line
        elif name == "phone" and rest:
            yield "phone", rest


def _town(line: str) -> Iterator[tuple[str, str]]:
    if town := read_town(line.splitlines()[0] if line else ""):
        yield from zip(("postcode", "city"), town, strict=True)
