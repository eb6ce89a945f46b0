"""The example florists: forty written by hand, and as many more as a load test wants."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from faxgw.members.member import Member
from faxgw_loadtest.examples import numbers
from faxgw_loadtest.examples.dice import Dice


class Shop(NamedTuple):
    """A florist before it has numbers; the department or county is the middle of its member id."""

    name: str
    street: str
    postcode: str
    city: str
    labels: tuple[str, ...] = ()


# The first digit of a French number: 1 Île-de-France, 2 north-west, 3 north-east, 4 south-east, 5 south-west.
FRENCH: tuple[tuple[int, Shop], ...] = (
    (1, Shop("Aux Pivoines de Belleville", "118 rue des Pyrénées", "75020", "Paris")),
    (1, Shop("L'Œillet et la Rose", "27 rue Daguerre", "75014", "Paris", ("fleurs-de-france",))),
    (1, Shop("Le Jardin de Sèvres", "9 Grande-Rue", "92310", "Sèvres")),
    (1, Shop("Fleurs du Marché couvert", "3 place des Halles", "77100", "Meaux")),
    (2, Shop("Bruyère & Genêt", "14 rue de Siam", "29200", "Brest", ("fleurs-de-france",))),
    (2, Shop("La Malouinière aux Hortensias", "6 rue de Dinan", "35400", "Saint-Malo")),
    (2, Shop("L'Herbier de Graslin", "22 rue Crébillon", "44000", "Nantes")),
    (2, Shop("Au Camélia d'Angers", "41 rue Bressigny", "49100", "Angers")),
    (2, Shop("La Serre de Guillaume", "15 rue Froide", "14000", "Caen")),
    (2, Shop("Fleurs de Loire", "8 rue Nationale", "37000", "Tours")),
    (3, Shop("Au Géranium d'Alsace", "5 rue des Orfèvres", "67000", "Strasbourg", ("fleurs-de-france", "mof"))),
    (3, Shop("Mirabelle et Muguet", "33 rue Saint-Dizier", "54000", "Nancy")),
    (3, Shop("L'Églantine du Vieux-Lille", "12 rue de la Monnaie", "59800", "Lille")),
    (3, Shop("Le Coquelicot d'Artois", "2 place des Héros", "62000", "Arras")),
    (3, Shop("Bulles et Pétales", "19 rue de Vesle", "51100", "Reims")),
    (3, Shop("Fleurs de Moutarde", "7 rue Musette", "21000", "Dijon")),
    (4, Shop("Fleurs du Vieux-Port", "48 quai de Rive-Neuve", "13007", "Marseille")),
    (4, Shop("La Marchande de Mimosa", "11 cours Saleya", "06300", "Nice", ("fleurs-de-france",))),
    (4, Shop("Entre Saône et Lys", "26 quai Saint-Antoine", "69002", "Lyon")),
    (4, Shop("L'Edelweiss", "4 rue Sainte-Claire", "74000", "Annecy")),
    (4, Shop("Garrigue", "17 rue de l'Argenterie", "34000", "Montpellier")),
    (4, Shop("À Fleur de Maquis", "10 rue Fesch", "20000", "Ajaccio")),
    (5, Shop("La Violette impériale", "29 rue Croix-Baragnon", "31000", "Toulouse", ("fleurs-de-france",))),
    (5, Shop("Les Cépages fleuris", "52 rue Judaïque", "33000", "Bordeaux")),
    (5, Shop("Lorea, fleurs du Pays basque", "13 rue d'Espagne", "64100", "Bayonne")),
    (5, Shop("La Chênaie du Périgord", "1 place de la Clautre", "24000", "Périgueux")),
)

# County numbers as of 2024: 03 Oslo, 11 Rogaland, 15 Møre og Romsdal, 18 Nordland, 33 Buskerud, 34 Innlandet, ...
NORWEGIAN: tuple[tuple[str, Shop], ...] = (
    ("03", Shop("Blomster på Torget", "Stortorvet 12", "0155", "Oslo", ("miljofyrtarn",))),
    ("03", Shop("Grünerløkka Blomsterverksted", "Thorvald Meyers gate 61", "0552", "Oslo")),
    ("46", Shop("Bryggeblomsten", "Vågsallmenningen 3", "5014", "Bergen", ("miljofyrtarn",))),
    ("50", Shop("Nidelven Blomster", "Kjøpmannsgata 25", "7013", "Trondheim")),
    ("11", Shop("Valbergtårnet Blomster", "Kirkegata 8", "4006", "Stavanger")),
    ("55", Shop("Nordlys Blomsterhandel", "Storgata 77", "9008", "Tromsø", ("miljofyrtarn",))),
    ("18", Shop("Saltstraumen Blomster & Gave", "Sjøgata 19", "8006", "Bodø")),
    ("15", Shop("Jugendblomsten", "Apotekergata 6", "6004", "Ålesund")),
    ("42", Shop("Kvadraturen Blomster", "Markens gate 31", "4611", "Kristiansand")),
    ("34", Shop("Blåveisen", "Storgata 54", "2609", "Lillehammer")),
    ("34", Shop("Hvitveis og Bjørk", "Torggata 22", "2317", "Hamar")),
    ("33", Shop("Elvebredden Blomster", "Bragernes torg 4", "3017", "Drammen", ("miljofyrtarn",))),
    ("39", Shop("Hvalfangerens Rose", "Kongens gate 13", "3211", "Sandefjord")),
    ("56", Shop("Midnattssol Blomster", "Markedsgata 9", "9510", "Alta")),
)

# For the florists beyond the forty: names and towns, drawn together.
# fmt: off
_NAMES = (
    "L'Atelier des Fleurs", "Au Bonheur des Roses", "Les Jardins de Flore", "Fleurs et Saisons",
    "La Boutique aux Lilas", "Rose & Chardon", "Le Temps des Pivoines", "Mille et Une Tiges",
    "Le Bouquet de Mathilde", "À la Rose trémière", "Pétales et Compagnie", "Le Clos des Iris", "L'Arrosoir bleu",
    "Comme un Jardin", "Fleurs de la Halle", "Le Panier fleuri",
)
_STREETS = (
    "rue de la République", "place du Marché", "Grande-Rue", "rue Gambetta", "avenue de la Gare", "rue du Commerce",
    "place de la Mairie", "rue Victor-Hugo", "rue des Halles", "boulevard Carnot",
)
TOWNS: tuple[tuple[int, str, str], ...] = (
    (1, "78000", "Versailles"), (1, "91120", "Palaiseau"), (1, "93100", "Montreuil"), (1, "94300", "Vincennes"),
    (1, "95300", "Pontoise"), (2, "22000", "Saint-Brieuc"), (2, "50100", "Cherbourg-en-Cotentin"),
    (2, "53000", "Laval"), (2, "56000", "Vannes"), (2, "72000", "Le Mans"), (2, "76000", "Rouen"),
    (2, "85000", "La Roche-sur-Yon"), (2, "45000", "Orléans"), (3, "08000", "Charleville-Mézières"),
    (3, "10000", "Troyes"), (3, "25000", "Besançon"), (3, "57000", "Metz"), (3, "68000", "Colmar"),
    (3, "80000", "Amiens"), (3, "88000", "Épinal"), (3, "71100", "Chalon-sur-Saône"),
    (4, "01000", "Bourg-en-Bresse"), (4, "05000", "Gap"), (4, "30000", "Nîmes"), (4, "38000", "Grenoble"),
    (4, "42000", "Saint-Étienne"), (4, "63000", "Clermont-Ferrand"), (4, "66000", "Perpignan"),
    (4, "83000", "Toulon"), (4, "84000", "Avignon"), (4, "26000", "Valence"), (4, "73000", "Chambéry"),
    (5, "09000", "Foix"), (5, "12000", "Rodez"), (5, "16000", "Angoulême"), (5, "17000", "La Rochelle"),
    (5, "19100", "Brive-la-Gaillarde"), (5, "32000", "Auch"), (5, "46000", "Cahors"), (5, "47000", "Agen"),
    (5, "65000", "Tarbes"), (5, "81000", "Albi"), (5, "86000", "Poitiers"), (5, "87000", "Limoges"),
)
# fmt: on


def members(count: int) -> Iterator[Member]:
    """The first `count` example florists: the same ones however many are asked for.

    Each has its own fax line. The reserved ranges hold some 14,000 florists; more is a `ValueError`.
    """
    served: Counter[int] = Counter()
    for index in range(count):
        if 0 <= index - len(FRENCH) < len(NORWEGIAN):
            serial = index - len(FRENCH)
            county, shop = NORWEGIAN[serial]
            yield _norwegian_member(f"NO-{county}-{serial + 1:03d}", serial, shop)
        else:
            region, shop = FRENCH[index] if index < len(FRENCH) else _one_more(index)
            yield _french_member(f"FR-{_department(shop.postcode)}-{index + 1:03d}", region, served[region], shop)
            served[region] += 1


def _one_more(index: int) -> tuple[int, Shop]:
    dice = Dice(f"shop {index}")
    region, postcode, city = TOWNS[index % len(TOWNS)]
    name = _NAMES[index // len(TOWNS) % len(_NAMES)]
    return region, Shop(name, f"{1 + dice.below(90)} {dice.pick(_STREETS)}", postcode, city)


def _department(postcode: str) -> str:
    """Corsica's departments have letters that its postcodes, which are older, do not have."""
    return "2A" if postcode == "20000" else postcode[:2]


def _french_member(member_id: str, region: int, serial: int, shop: Shop) -> Member:
    if serial >= numbers.SHOPS_PER_REGION_MAX:
        raise ValueError(f"the numbers reserved for fiction hold no more florists in region {region}")
    return Member(
        id=member_id,
        name=shop.name,
        street=shop.street,
        postcode=shop.postcode,
        city=shop.city,
        country="FR",
        phone=numbers.french_shop_phone(region, serial),
        fax=numbers.french_shop_fax(region, serial),
        language="fr",
        timezone="Europe/Paris",
        labels=shop.labels,
    )


def _norwegian_member(member_id: str, serial: int, shop: Shop) -> Member:
    return Member(
        id=member_id,
        name=shop.name,
        street=shop.street,
        postcode=shop.postcode,
        city=shop.city,
        country="NO",
        phone=numbers.norwegian_shop_phone(serial),
        fax=numbers.norwegian_shop_fax(serial),
        language="nb",
        timezone="Europe/Oslo",
        labels=shop.labels,
    )
