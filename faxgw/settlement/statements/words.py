"""What stands on a statement, in the store's language; numbers and days as that language writes them.

Babel is pinned by the lock file, for its data change the signs between digits, and a closed month must print the same.
"""

import datetime as dt
import functools
from decimal import Decimal

import msgspec
from babel.dates import format_date
from babel.numbers import format_currency, format_percent

from faxgw.money import plain_amount
from faxgw.order import Language
from faxgw.settlement.month.statement import LineKind
from faxgw.store.ledger.port import Period

LOCALES = {"de": "de_DE", "en": "en_GB", "fr": "fr_FR", "nb": "nb_NO"}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The labels of one language."""

    statement: str
    number: str
    member: str
    tax_id: str
    opening: str
    closing_owed: str
    """The store is owed it."""
    closing_owing: str
    closing_even: str
    day: str
    what: str
    order: str
    amount: str
    balance: str
    kinds: dict[LineKind, str]
    orders: str
    """How many orders a kind has."""
    taxes: str
    rate: str
    gross: str
    tax: str
    net: str
    basis: str
    """That the taxes are a basis and no advice."""
    page: str


WORDS: dict[Language, Words] = {
    "en": Words(
        statement="Statement of account",
        number="No.",
        member="Member",
        tax_id="Tax no.",
        opening="Brought forward",
        closing_owed="Balance in your favour",
        closing_owing="Balance you owe",
        closing_even="Balance",
        day="Day",
        what="For",
        order="Order",
        amount="Amount",
        balance="Balance",
        kinds={
            LineKind.EXECUTED: "Orders executed",
            LineKind.SENT: "Orders sent",
            LineKind.CORRECTION: "Corrections",
            LineKind.PAID_OUT: "Paid out",
            LineKind.COLLECTED: "Collected",
            LineKind.OTHER: "Other",
        },
        orders="Count",
        taxes="Value added tax within your shares",
        rate="Rate",
        gross="Gross",
        tax="Tax",
        net="Net",
        basis="A basis for your own accounts; not tax advice.",
        page="Page",
    ),
    "fr": Words(
        statement="Relevé de compte",
        number="N°",
        member="Adhérent",
        tax_id="N° d'identification",
        opening="Report",
        closing_owed="Solde en votre faveur",
        closing_owing="Solde que vous devez",
        closing_even="Solde",
        day="Jour",
        what="Objet",
        order="Commande",
        amount="Montant",
        balance="Solde",
        kinds={
            LineKind.EXECUTED: "Commandes exécutées",
            LineKind.SENT: "Commandes transmises",
            LineKind.CORRECTION: "Rectifications",
            LineKind.PAID_OUT: "Virements reçus",
            LineKind.COLLECTED: "Prélèvements",
            LineKind.OTHER: "Divers",
        },
        orders="Nombre",
        taxes="TVA comprise dans vos parts",
        rate="Taux",
        gross="TTC",
        tax="TVA",
        net="HT",
        basis="Base pour votre comptabilité ; ne vaut pas conseil fiscal.",
        page="Page",
    ),
    "nb": Words(
        statement="Avregning",
        number="Nr.",
        member="Medlem",
        tax_id="Org.nr.",
        opening="Overført",
        closing_owed="Til gode",
        closing_owing="Skyldig beløp",
        closing_even="Saldo",
        day="Dato",
        what="Gjelder",
        order="Ordre",
        amount="Beløp",
        balance="Saldo",
        kinds={
            LineKind.EXECUTED: "Utførte ordre",
            LineKind.SENT: "Sendte ordre",
            LineKind.CORRECTION: "Korreksjoner",
            LineKind.PAID_OUT: "Utbetalt",
            LineKind.COLLECTED: "Innkrevd",
            LineKind.OTHER: "Annet",
        },
        orders="Antall",
        taxes="Merverdiavgift i dine andeler",
        rate="Sats",
        gross="Brutto",
        tax="Mva.",
        net="Netto",
        basis="Grunnlag for eget regnskap; ikke skatterådgivning.",
        page="Side",
    ),
    "de": Words(
        statement="Abrechnung",
        number="Nr.",
        member="Mitglied",
        tax_id="Steuernr.",
        opening="Übertrag",
        closing_owed="Guthaben",
        closing_owing="Offener Betrag",
        closing_even="Saldo",
        day="Tag",
        what="Betreff",
        order="Auftrag",
        amount="Betrag",
        balance="Saldo",
        kinds={
            LineKind.EXECUTED: "Ausgeführte Aufträge",
            LineKind.SENT: "Vermittelte Aufträge",
            LineKind.CORRECTION: "Berichtigungen",
            LineKind.PAID_OUT: "Ausgezahlt",
            LineKind.COLLECTED: "Eingezogen",
            LineKind.OTHER: "Sonstiges",
        },
        orders="Anzahl",
        taxes="Umsatzsteuer in Ihren Anteilen",
        rate="Satz",
        gross="Brutto",
        tax="Steuer",
        net="Netto",
        basis="Grundlage für Ihre Buchhaltung; keine Steuerberatung.",
        page="Seite",
    ),
}


@functools.lru_cache(maxsize=4_096)
def money_text(amount_minor: int, currency: str, language: Language) -> str:
    """As the language writes it, with the currency; exact, for the amount is a decimal and never a float."""
    return str(format_currency(plain_amount(amount_minor, currency), currency, locale=LOCALES[language]))


@functools.lru_cache(maxsize=1_024)
def day_text(day: dt.date, language: Language) -> str:
    return str(format_date(day, format="short" if language in {"nb", "de"} else "dd/MM/yy", locale=LOCALES[language]))


def period_text(period: Period, language: Language) -> str:
    text = str(format_date(dt.date.fromisoformat(f"{period}-01"), format="LLLL y", locale=LOCALES[language]))
    return text[:1].upper() + text[1:] if language in {"en", "de", "fr"} else text


def rate_text(basis_points: int, language: Language) -> str:
    return str(format_percent(Decimal(basis_points).scaleb(-4), format="#,##0.##%", locale=LOCALES[language]))
