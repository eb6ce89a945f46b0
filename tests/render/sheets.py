"""Order sheets for the tests of drawing: everyday ones, and the longest an order may be."""

import datetime as dt

from faxgw.money import Money
from faxgw.order import Delivery, Language, Order, ProductLine, Recipient, Window
from faxgw.render.sheet import Party, RelayKind, RelaySheet, Sheet

LANGUAGES: tuple[Language, ...] = ("de", "en", "fr", "nb")

_PRODUCTS = (
    ("BQ-118-L", "Bouquet rond de roses rouges et pivoines, taille L"),
    ("VASE-2", "Vase en verre « Florence »"),
    (None, "Ballotin de chocolats, 250 g"),
    ("PASTEL-XL-2027", "Bouquet de saison aux tons pastel, feuillages choisis et ruban écru, sans lys à cause du chat"),
)

FLORIST = Party(
    name="Fleurs du Lac",
    member_id="FR74-0021",
    street="3 quai des Œillets",
    postcode="74000",
    city="Annecy",
    phone="+33 4 65 71 10 20",
    fax="+33 4 65 71 10 21",
)
EXECUTOR = Party(
    name="Au Jardin d’Hélène",
    member_id="FR69-0310",
    street="17 cours Vitton",
    postcode="69006",
    city="Lyon",
    phone="+33 4 65 71 33 44",
    fax="+33 4 65 71 33 45",
)
RECIPIENT = Recipient(
    name="Mme Hélène Lefèvre-Ångström",
    company="Pâtisserie L’Œuf d’Or",
    street=["Bâtiment C, 3e étage", "128 bis avenue du Général-Leclerc"],
    postcode="69003",
    city="Lyon",
    country="FR",
    phone="+33 4 65 71 55 66",
)
CARD = "Joyeuse fête, Maman !\nAvec tout notre cœur, et mille baisers d’Ærøskøbing.\n\nZoé, Léa & Anaïs"


def product_lines(count: int) -> list[ProductLine]:
    return [
        ProductLine(
            code=_PRODUCTS[index % 4][0],
            description=_PRODUCTS[index % 4][1],
            quantity=1 + index * 7 % 13,
            unit_price=Money(4590 + index * 1111, "EUR"),
        )
        for index in range(count)
    ]


def order(*, number: str = "2027-0529-04711", lines: int = 2, currency: str = "EUR", **changes: object) -> Order:
    """An everyday order; `changes` replace fields of it."""
    fields: dict[str, object] = {
        "key": f"test/{number}",
        "number": number,
        "delivery": Delivery(dt.date(2027, 5, 29), Window(dt.time(9), dt.time(12, 30))),
        "recipient": RECIPIENT,
        "lines": product_lines(lines),
        "customer_price": Money(123450, currency),
        "execution_price": Money(98760, currency),
        "sending_member": "FR74-0021",
        "executing_member": "FR69-0310",
        "card_message": CARD,
        "instructions": "Sonner chez la gardienne si personne ne répond.",
        "payment_reference": "PAY-2027-05-000123456",
    }
    return Order(**(fields | changes))  # type: ignore[arg-type]


def sheet(of: Order | None = None, *, language: Language = "fr", possible_duplicate: bool = False) -> Sheet:
    return Sheet(
        order=of or order(),
        sender=FLORIST,
        executor=EXECUTOR,
        language=language,
        sent_at=dt.datetime(2027, 5, 29, 7, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        header_name="Réseau Florissimo",
        possible_duplicate=possible_duplicate,
    )


MESSAGE = "Le code de la porte ne fonctionne pas. Pouvez-vous demander un autre numéro à votre client ?\n\nHélène"


def relay_sheet(*, language: Language = "fr", text: str = MESSAGE, kind: RelayKind = RelayKind.ASK) -> RelaySheet:
    """A message back to the sending florist about the everyday order."""
    return RelaySheet(
        kind=kind,
        order_number="2027-0529-04711",
        delivery_date=dt.date(2027, 5, 29),
        recipient=f"{RECIPIENT.name}, {RECIPIENT.postcode} {RECIPIENT.city}",
        text=text,
        sender=EXECUTOR,
        executor=FLORIST,
        language=language,
        sent_at=dt.datetime(2027, 5, 29, 7, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        header_name="Réseau Florissimo",
    )


def longest_order() -> Order:
    """As much as an order may hold: 60 products, 4,000 characters on the card, 2,000 of instructions."""
    words = "Pour toi, chère Œuvrière des fleurs, ces quelques mots qui ne veulent pas finir. "
    return order(
        lines=60,
        card_message=(words * 50)[:4000],
        instructions=("Passer par la cour, deuxième porte à gauche, code 12B45, puis sonner deux fois. " * 26)[:2000],
    )


def smallest_order() -> Order:
    """As little as an order may hold."""
    return order(
        number="7",
        lines=1,
        delivery=Delivery(dt.date(2027, 2, 1)),
        recipient=Recipient(name="A", street=["1"], postcode="1", city="X", country="FR"),
        card_message="",
        instructions="",
        payment_reference="",
    )
