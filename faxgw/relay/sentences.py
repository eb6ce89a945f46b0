"""What the network itself says, in the language of whoever reads it; `wording/` has a file for each."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from faxgw.errors import BugError
from faxgw.message import RejectReason
from faxgw.order import Language
from faxgw.relay.step import Refused

Sections = Mapping[str, Mapping[str, str]]


@functools.cache
def _wording(language: Language) -> Sections:
    content = (resources.files("faxgw.relay") / "wording" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)


def sentence(name: str, language: Language, facts: Mapping[str, object]) -> str:
    """A sentence of the papers."""
    return _fill("paper", name, language, facts)


def reason_sentence(reason: RejectReason | None, language: Language) -> str:
    return _fill("reasons", (reason or RejectReason.OTHER).value, language, {})


def refusal_sentence(refused: Refused, language: Language = "en") -> str:
    """Why a message was not carried out, and what to do instead."""
    return _fill("refusals", refused.refusal.value, language, refused.facts)


def _fill(section: str, name: str, language: Language, facts: Mapping[str, object]) -> str:
    try:
        return _wording(language)[section][name].format_map(facts)
    except KeyError as missing:
        raise BugError(f"relay/wording/{language}.toml: {section}.{name} wants {missing}, which nobody gave") from None
