"""Example orders, put together from the words of a language; order number `index` is always the same one.

Dates lie around Mother's Day 2027 (Norway 14 February, France 30 May). None has a deadline: one that has passed is
refused, and so is one in a distant century; the examples must not age.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

from faxgw.members.member import Member
from faxgw.money import Money
from faxgw.order import Delivery, Language, Order, Priority, ProductLine, Recipient, Window
from faxgw_loadtest.examples.card import card_message
from faxgw_loadtest.examples.dice import Dice
from faxgw_loadtest.examples.scene import Network, Scene, filled, scene
from faxgw_loadtest.examples.words import Article, Size

EXECUTION_SHARE_PERCENT = 74
"""Of the flowers' price; the delivery fee goes whole to the florist who executes."""

_MOTHERS_DAY_NORWAY = dt.date(2027, 2, 14)
_MOTHERS_DAY = dt.date(2027, 5, 30)
_MORNING = Window(dt.time(9), dt.time(12))
_WINDOWS = (
    _MORNING,
    Window(dt.time(10), dt.time(14)),
    Window(dt.time(14), dt.time(18)),
    Window(dt.time(16), dt.time(19)),
)
_PAGE_LANGUAGES: dict[str, Language] = {"DE": "de", "GB": "en"}
"""A florist who is no member has no language in the register, so the order names it."""
# Without 0, 1, I and O, which a florist at the telephone cannot tell apart.
_REFERENCE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def orders(count: int, shops: Sequence[Member]) -> Iterator[Order]:
    """Orders 0 to `count` - 1 among `shops`, made one at a time: a million need no memory."""
    network = Network(shops)
    return (order(index, network) for index in range(count))


def order(index: int, network: Network) -> Order:
    told = scene(Dice(f"order {index}"), network)
    destination, words = told.destination, told.words
    recipient = _recipient(told)
    number = f"{destination.country}27-{index + 1:07d}"
    lines = _lines(told)
    flowers_minor = sum(line.unit_price.times(line.quantity).amount_minor for line in lines)
    execution_minor = flowers_minor * EXECUTION_SHARE_PERCENT // 100
    return Order(
        key=f"web.{number}",
        number=number,
        delivery=_delivery(told),
        recipient=recipient,
        lines=lines,
        customer_price=Money(flowers_minor + words.delivery_fee_minor, words.currency),
        execution_price=Money(execution_minor + words.delivery_fee_minor, words.currency),
        sending_member=_sender(told, network).id,
        executing_member=destination.shop.id if destination.shop else None,
        fax_number=destination.fax_number,
        priority=_priority(told),
        language=_PAGE_LANGUAGES.get(destination.country),
        card_message=card_message(told),
        instructions=_instructions(told, recipient),
        payment_reference=_payment_reference(told),
    )


def _lines(told: Scene) -> list[ProductLine]:
    dice, words = told.dice, told.words
    bouquet = dice.pick(words.occasions[told.occasion_name].bouquets)
    flowers = _line(_in_size(bouquet, dice.pick(words.sizes)) if bouquet.sized else bouquet, words.currency)
    if told.occasion.to == "mourners":
        return [flowers]
    wanted = min(dice.weighted([(0, 55), (1, 28), (2, 11), (3, 4), (4, 2)]), len(words.extras))
    start = dice.below(len(words.extras))
    extras = [words.extras[(start + step) % len(words.extras)] for step in range(wanted)]
    return [flowers, *(_line(extra, words.currency, quantity=2 if dice.chance(6) else 1) for extra in extras)]


def _in_size(bouquet: Article, size: Size) -> Article:
    price_minor = _rounded_minor(bouquet.price_minor * size.factor_percent // 100)
    return Article(bouquet.code, f"{bouquet.name} ({size.name})", price_minor)


def _line(article: Article, currency: str, quantity: int = 1) -> ProductLine:
    price = Money(article.price_minor, currency)
    return ProductLine(code=article.code, description=article.name, quantity=quantity, unit_price=price)


def _rounded_minor(price_minor: int) -> int:
    """Shops sell for 49.90, not for 49.87."""
    return price_minor // 100 * 100 + 90 if price_minor < 20_000 else price_minor // 1000 * 1000 + 900


def _delivery(told: Scene) -> Delivery:
    dice = told.dice
    mothers_day = _MOTHERS_DAY_NORWAY if told.destination.country == "NO" else _MOTHERS_DAY
    if told.occasion_name == "mother":
        date = mothers_day - dt.timedelta(days=dice.weighted([(1, 50), (0, 30), (2, 15), (3, 5)]))
    else:
        date = mothers_day + dt.timedelta(days=dice.below(7) - 4)
    if told.occasion.to == "mourners":
        return Delivery(_weekday_after(date), _MORNING)
    return Delivery(date, dice.pick(_WINDOWS) if dice.chance(40) else None)


def _weekday_after(date: dt.date) -> dt.date:
    """Funerals are not held at the weekend."""
    saturday = 5
    return date if date.weekday() < saturday else date + dt.timedelta(days=7 - date.weekday())


def _recipient(told: Scene) -> Recipient:
    dice, destination, words = told.dice, told.destination, told.words
    name, company = _name_and_company(told)
    street = [words.street_form.format(number=1 + dice.below(120), street=dice.pick(words.streets))]
    if company is None and dice.chance(25):
        street.append(dice.pick(words.second_lines))
    return Recipient(
        name=name,
        company=company,
        street=street,
        postcode=destination.postcode,
        city=destination.city,
        country=destination.country,
        phone=destination.recipient_phone if dice.chance(85) else None,
    )


def _name_and_company(told: Scene) -> tuple[str, str | None]:
    dice, words = told.dice, told.words
    person = f"{told.person.first} {told.person.surname}"
    if told.guest is not words:
        return person, dice.pick(words.hotels)
    match told.occasion.to:
        case "mourners":
            return filled(dice, words, dice.pick(words.ceremonies)), dice.pick(words.chapels)
        case "ward":
            return person, dice.pick(words.wards)
        case "patient":
            return person, dice.pick(words.hospitals)
        case "firm":
            return person, dice.pick(words.firms)
        case "woman" | "anyone":
            return person, dice.pick(words.homes) if dice.chance(8) else None


def _sender(told: Scene, network: Network) -> Member:
    dice, executing = told.dice, told.destination.shop
    at_home = network.by_country.get(told.destination.country, [])
    choices = at_home if len(at_home) > 1 and dice.chance(85) else network.shops
    drawn = dice.below(len(choices))
    sender = choices[drawn]
    return choices[(drawn + 1) % len(choices)] if sender is executing else sender


def _priority(told: Scene) -> Priority:
    dice = told.dice
    drawn = [(Priority.EXPRESS, 12), (Priority.STANDARD, 72), (Priority.BULK, 16)]
    priority = Priority.EXPRESS if told.occasion.to == "mourners" else dice.weighted(drawn)
    # Nothing hangs on this throw any more, but all that is thrown after it: the orders would be others.
    dice.below(100)
    return priority


def _instructions(told: Scene, recipient: Recipient) -> str:
    choices = told.words.instructions.get(told.occasion.to, [])
    # A home or a hotel has a reception: what is said of gates, dogs and neighbours is not for there.
    has_reception = recipient.company is not None and told.occasion.to in {"woman", "anyone"}
    if has_reception or not choices or told.dice.chance(45):
        return ""
    return filled(told.dice, told.words, told.dice.pick(choices))


def _payment_reference(told: Scene) -> str:
    dice = told.dice
    signs = "".join(dice.pick(_REFERENCE_SIGNS) for _ in range(10))
    digits = "".join(dice.pick("0123456789") for _ in range(11))
    form = dice.pick(told.words.payment_forms)
    return form.format(reference=signs, digits=digits, kid=digits + _check_digit(digits))


def _check_digit(digits: str) -> str:
    """The modulus-10 check digit (Luhn) that a Norwegian KID ends with."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)
