"""Orders that florists send in: our order form, filled in by typewriter or by hand, and a typed letter of their own."""

import io
import random
from dataclasses import replace
from typing import Any

import fontpkg
from PIL import Image, ImageDraw, ImageFont

from faxgw.intake.blank import Field, blank_of
from faxgw.intake.code import NewOrderCode
from faxgw.order import Language
from faxgw.render.page import render_sheet
from faxgw.render.sheet import Document, RequestSheet
from tests.intake.pen import Pen
from tests.intake.scanner import Scan, fax, scan
from tests.render import sheets

ORDER = {
    "delivery_date": "samedi 29 mai 2027",
    "recipient_name": "Mme Odile Garnier",
    "company": "Atelier Nord",
    "street": "128 bis avenue du Parc",
    "postcode": "69003",
    "city": "Lyon",
    "country": "France",
    "phone": "+33 4 65 71 55 66",
    "reference": "FL-2027-118",
    "product": "Bouquet rond de roses rouges et pivoines",
    "quantity": "2",
    "execution_price": "49,90 €",
    "customer_price": "62,00 €",
    "card": "Joyeux anniversaire !\nToute la famille",
    "instructions": "Sonner chez la gardienne",
}

LETTER = """FLEURS DU LAC
3 quai des Tilleuls, 74000 Annecy

COMMANDE

Date de livraison : 29/05/2027

Destinataire :
Mme Odile Garnier
128 bis avenue du Parc
69003 Lyon

Produit : Bouquet rond de roses rouges
Prix : 62,00 €

Texte de la carte :
Joyeux anniversaire !
Toute la famille"""


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fontpkg.path("Noto Sans")), size)


def blank_form(language: Language = "fr", serial: str = "0042") -> Image.Image:
    sheet = RequestSheet(
        member=sheets.FLORIST,
        serial=serial,
        language=language,
        sent_at=sheets.sheet().sent_at,
        header_name="Florissimo",
    )
    document = render_sheet(sheet)
    assert isinstance(document, Document)
    with Image.open(io.BytesIO(document.tiff)) as tiff:
        return tiff.convert("L")


def fill_in(page: Image.Image, said: dict[str, str], *, by_hand: bool = False, seed: int = 1) -> None:
    """Type into the fields; `by_hand` every letter stands, leans and grows as it likes."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    places = {field.name: field for field in blank_of(NewOrderCode("m", "s")).fields}
    for name, text in said.items():
        for row, line in enumerate(text.split("\n")):
            (_write if by_hand else _type)(page, places[name], line, row, rng)


def _type(page: Image.Image, field: Field, text: str, row: int, _: random.Random) -> None:
    ImageDraw.Draw(page).text((field.x + 14, field.y + 6 + row * 48), text, fill=0, font=font(36))


def _write(page: Image.Image, field: Field, text: str, row: int, rng: random.Random) -> None:
    x = field.x + 14.0
    for letter in text:
        tile = Image.new("L", (70, 70), 0)
        ImageDraw.Draw(tile).text((16, 8), letter, fill=255, font=font(rng.randrange(30, 46)))
        tile = tile.rotate(rng.uniform(-14, 14), Image.Resampling.BILINEAR)
        page.paste(0, (round(x) - 16, field.y + 2 + row * 48 + rng.randrange(-7, 8)), tile)
        x += font(36).getlength(letter) * rng.uniform(0.85, 1.1)


def tick(name: str, pen: Pen) -> None:
    """A cross in one of the form's boxes."""
    blank = blank_of(NewOrderCode("m", "s"))
    box = next(box for box in blank.boxes if box.name == name)
    side = blank.side
    pen.stroke((box.x + 3, box.y + 3), pen.wobble((box.x + side - 3, box.y + side - 3), 3))
    pen.stroke((box.x + side - 3, box.y + 3), pen.wobble((box.x + 3, box.y + side - 3), 3))


def letter(text: str = LETTER) -> Image.Image:
    page = Image.new("L", (1728, 2287), 255)
    ImageDraw.Draw(page).multiline_text((170, 160), text, fill=0, font=font(40), spacing=16)
    return page


def faxed(page: Image.Image, **how: Any) -> bytes:
    scanned = Scan(skew_degrees=0.6, scale=0.985, shift=(8, -12), edge_noise=25, specks=0.0005, sharp=True)
    chosen = replace(scanned, **how)
    return fax([scan(page, chosen, random.Random(3))], chosen.lines)  # noqa: S311 - repeatable, not secret
