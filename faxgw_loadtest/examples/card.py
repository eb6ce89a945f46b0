"""What the card beside the flowers says: nothing, a line, a few lines, or a whole letter."""

from typing import Literal

from faxgw_loadtest.examples.dice import Dice
from faxgw_loadtest.examples.scene import Scene, filled

_LENGTHS: tuple[tuple[Literal["none", "line", "lines", "letter"], int], ...] = (
    ("none", 12),
    ("line", 20),
    ("lines", 59),
    ("letter", 9),
)


def card_message(scene: Scene) -> str:
    dice, occasion = scene.dice, scene.occasion
    match dice.weighted(_LENGTHS):
        case "none":
            return ""
        case "line":
            return dice.pick(occasion.endings) + " " + _signature(scene)
        case "letter" if occasion.letters:
            return dice.pick(occasion.letters).strip() + "\n\n" + _signature(scene)
        case "lines" | "letter":
            return "\n".join([*_lines(scene), _signature(scene)])


def _lines(scene: Scene) -> list[str]:
    dice, occasion = scene.dice, scene.occasion
    opening = _with_name(scene, dice.pick(occasion.openings))
    middles = _some(dice, occasion.middles)
    # A sentence may go on from an opening that ends in a comma, but never from another sentence.
    first = middles[0] if opening.endswith(",") else _capitalised(middles[0])
    rest = [_capitalised(middle) for middle in middles[1:]]
    return [opening, " ".join([first, *rest]), dice.pick(occasion.endings)]


def _some(dice: Dice, middles: list[str]) -> list[str]:
    """One to three different ones, in the order they are written in."""
    wanted = min(dice.weighted([(1, 40), (2, 40), (3, 20)]), len(middles))
    chosen = sorted(range(len(middles)), key=lambda _: dice.below(1_000_000))[:wanted]
    return [middles[index] for index in sorted(chosen)]


def _with_name(scene: Scene, text: str) -> str:
    return text.format(first=scene.person.first)


def _signature(scene: Scene) -> str:
    forms = scene.occasion.signatures or scene.guest.signatures
    signature = filled(scene.dice, scene.guest, scene.dice.pick(forms))
    # Hardly anyone sends flowers to a namesake.
    return _signature(scene) if scene.person.first in signature else signature


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
