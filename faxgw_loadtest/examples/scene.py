"""What is settled before an example order is written down: where it goes, who gets it, and why."""

from collections.abc import Sequence
from typing import NamedTuple

from faxgw.members.member import Member
from faxgw_loadtest.examples import numbers
from faxgw_loadtest.examples.dice import Dice
from faxgw_loadtest.examples.shops import TOWNS
from faxgw_loadtest.examples.words import Occasion, Words, words_of

_FLORISTS_WORDS = {"FR": "french", "NO": "norwegian", "DE": "german", "GB": "english"}
_TRAVELLERS_WORDS = ("english", "german")
_FOREIGN_TOWNS = {
    "DE": (("79098", "Freiburg im Breisgau"), ("50667", "Köln"), ("07743", "Jena")),
    "GB": (("BA1 5LN", "Bath"), ("EH3 6QW", "Edinburgh"), ("TR19 6JT", "Penzance")),
}


class Network:
    """The florists by country, so that drawing one of five thousand costs no search."""

    def __init__(self, shops: Sequence[Member]) -> None:
        """At least two `shops`: nobody sends an order to himself."""
        if len(shops) < 2:
            raise ValueError("orders between florists need two florists")
        self.shops = shops
        self.by_country = {
            country: [shop for shop in shops if shop.country == country] for country in {shop.country for shop in shops}
        }


class Destination(NamedTuple):
    """Where an order goes: to a member, or to the bare number of a florist who is none."""

    country: str
    postcode: str
    city: str
    recipient_phone: str
    shop: Member | None = None
    fax_number: str | None = None


class Person(NamedTuple):
    """Who gets the flowers, or whom they are about."""

    first: str
    surname: str


class Scene(NamedTuple):
    """An order before it is written down."""

    dice: Dice
    destination: Destination
    words: Words
    """The language of the florist who makes the flowers."""
    guest: Words
    """The language of those who give and get them; another one only for travellers."""
    occasion_name: str
    occasion: Occasion
    person: Person


def scene(dice: Dice, network: Network) -> Scene:
    destination = _destination(dice, network)
    words = words_of(_FLORISTS_WORDS[destination.country])
    guest = words_of(dice.pick(_TRAVELLERS_WORDS)) if words.hotels and dice.chance(7) else words
    occasion_name = dice.weighted([(name, occasion.weight) for name, occasion in guest.occasions.items()])
    occasion = guest.occasions[occasion_name]
    firsts = guest.men if occasion.to == "anyone" and dice.chance(50) else guest.women
    person = Person(dice.pick(firsts), dice.pick(guest.surnames))
    return Scene(dice, destination, words, guest, occasion_name, occasion, person)


def filled(dice: Dice, words: Words, template: str) -> str:
    """`template` with other people's names, drawn anew, in its {woman}, {man}, {surname} and {number}."""
    return template.format(
        woman=dice.pick(words.women),
        man=dice.pick(words.men),
        surname=dice.pick(words.surnames),
        number=1 + dice.below(120),
    )


def _destination(dice: Dice, network: Network) -> Destination:
    if dice.chance(8):
        return _outsider(dice)
    # A country gets its share of the orders however many florists the register has there.
    country = dice.weighted([("FR", 66), ("NO", 34)])
    shop = dice.pick(network.by_country.get(country, network.shops))
    return Destination(shop.country, shop.postcode, shop.city, _recipient_phone(dice, shop), shop=shop)


def _recipient_phone(dice: Dice, shop: Member) -> str:
    drawn = dice.below(10_000)
    if shop.country == "NO":
        return numbers.norwegian_recipient_phone(drawn)
    region = int(shop.fax.split()[1])
    phone = numbers.french_recipient_phone(region, drawn)
    # Half of the people write their number as one dials it at home.
    return phone.replace("+33 ", "0") if dice.chance(50) else phone


def _outsider(dice: Dice) -> Destination:
    country = dice.weighted([("FR", 4), ("NO", 2), ("DE", 1), ("GB", 1)])
    drawn = dice.below(10_000)
    if country == "FR":
        region, postcode, city = dice.pick(TOWNS)
        phone = numbers.french_recipient_phone(region, drawn)
        return Destination("FR", postcode, city, phone, fax_number=numbers.french_outsider_fax(region, drawn))
    if country == "NO":
        phone, fax = numbers.norwegian_recipient_phone(drawn), numbers.norwegian_outsider_fax(drawn)
        return Destination("NO", "3770", "Kragerø", phone, fax_number=fax)
    postcode, city = dice.pick(_FOREIGN_TOWNS[country])
    number = numbers.german if country == "DE" else numbers.british
    return Destination(country, postcode, city, number(500 + drawn % 500), fax_number=number(drawn % 500))
