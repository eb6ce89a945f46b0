"""Tells whether two who ask are two people.

Names are what people type, so spelling makes nobody another: case, spaces, accents and signs do not count. Logins are
what the kernel says of the process at the other end of the socket; a name can be borrowed in passing, a login less so.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

Identity = Literal["login", "name"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: by the name given, and by the account of the process, where that is known."""

    name: str
    login: str | None = None


def are_two_people(one: Person, other: Person, identity: Identity) -> bool:
    """Whether both can be told apart for sure; whoever has no name, or no login where one is asked for, cannot."""
    names = {_letters(one.name), _letters(other.name)}
    if len(names) < 2 or "" in names:
        return False
    return identity == "name" or (one.login is not None and other.login is not None and one.login != other.login)


def _letters(name: str) -> str:
    """The letters and digits of a name, without case and accents."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(sign for sign in parts if unicodedata.category(sign)[0] in "LN")
