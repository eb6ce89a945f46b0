"""A form as its file describes it: blocks from top to bottom, each with labels, fields and their places.

Everything is counted in columns and fine rows from the left margin and the block's top. A label is a word of
the form in the reader's language (`forms/LANGUAGE.toml`), which may have `{fields}` in it; a field is what the
form is filled with. A file that says something this page does not know is refused with what was probably meant.
"""

import importlib.resources
import tomllib
from typing import TypeVar

import msgspec

from faxgw.errors import BugError
from faxgw.faults import Fault, convert_or_faults
from faxgw.render.paper import COLUMNS

LEFT, RIGHT = 96, COLUMNS - 96
"""The margins: no letter of a form stands beyond them."""

WIDTH = RIGHT - LEFT

T = TypeVar("T")


class FormError(BugError):
    """A form's file is wrong; the message lists every fault in it."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Anything a file may say: it says nothing else."""


class TextAt(Part, frozen=True):
    """One line of text: a `label` or a `field`. It starts at `x`, or ends at `to`, or is centered."""

    baseline: int
    styles: list[str]
    """The first in which the text is at most `wide`; the last if none is."""
    label: str = ""
    field: str = ""
    x: int = 0
    to: int | None = None
    center: int | None = None
    wide: int = WIDTH


class RuleAt(Part, frozen=True):
    y: int
    height: int = 2
    x: int = 0
    width: int = WIDTH


class FrameAt(Part, frozen=True):
    """A box; one with a `name` is a field to write in, which is read when the form comes back."""

    y: int
    height: int
    stroke: int
    x: int = 0
    width: int = WIDTH
    name: str = ""


class CodeAt(Part, frozen=True):
    """A QR code that says `content`, with `{fields}` and `{page}` in it; its right edge is at `to`."""

    content: str
    y: int
    to: int
    module: int


class TickAt(Part, frozen=True):
    """A box to tick with its label behind, and a `line` to write on up to the margin."""

    name: str
    label: str
    y: int
    x: int = 0
    line: bool = False


class Fixed(Part, frozen=True):
    """Marks at fixed places in a block of fixed height; left out when the field `when` is empty."""

    height: int = 0
    when: str = ""
    texts: list[TextAt] = []
    rules: list[RuleAt] = []
    frames: list[FrameAt] = []
    codes: list[CodeAt] = []
    ticks: list[TickAt] = []
    tick_side: int = 50
    tick_style: str = "address"


class Ruled(Part, frozen=True):
    """A rule across the page."""

    height: int = 4
    above: int = 0
    below: int = 0


class Line(Part, frozen=True):
    """A paragraph of a column, wrapped; nothing when its field is empty."""

    field: str
    style: str


class Column(Part, frozen=True):
    label: str
    lines: list[Line]
    x: int = 0
    wide: int = WIDTH


class Columns(Part, frozen=True):
    """Columns side by side, each a label and its paragraphs; one whose fields are all empty is left out."""

    columns: list[Column]
    below: int = 0


class Particular(Part, frozen=True):
    label: str
    field: str


class Particulars(Part, frozen=True):
    """Lines with a label in front of each."""

    lines: list[Particular]
    x: int
    """Where the text starts, behind the labels."""
    style: str = "body"
    gap: int = 0
    """Between the lines. With white between them each is coded, and remembered, by itself."""
    below: int = 0


class TableColumn(Part, frozen=True):
    """`wide` is its width, `at_least` lets it grow with what stands in it, and without either it takes what is left.

    One that is empty in every row is left out.
    """

    label: str
    field: str
    style: str
    wide: int | None = None
    at_least: int | None = None
    right: bool = False
    gap: int = 0


class Table(Part, frozen=True):
    """Rows with a rule below each; a row that does not fit goes to the next page, below the `title` and the head."""

    rows: str
    title: str
    columns: list[TableColumn]
    below: int = 0


class Prose(Part, frozen=True):
    """A text of any length that flows over the pages, below its label; without one the label `none`, or nothing."""

    label: str
    field: str
    style: str
    none: str = ""
    long_style: str = ""
    """For a text of more than `long_from` characters: a page less on the line."""
    long_from: int = 0
    framed: bool = False


Block = Fixed | Ruled | Columns | Particulars | Table | Prose

_KINDS: dict[str, type[Block]] = {
    "fixed": Fixed,
    "rule": Ruled,
    "columns": Columns,
    "particulars": Particulars,
    "table": Table,
    "prose": Prose,
}


class Foot(Part, frozen=True):
    """What stands at the foot of the last page, always at the same place, so that a machine can read it."""

    top: int
    marks: Fixed


class _File(Part, frozen=True):
    revision: int
    pages_max: int
    top: int
    bottom: int
    continued: str
    """The label that follows a section's own where it goes on."""
    header: Fixed
    every_page: list[dict[str, object]]
    opening: list[dict[str, object]]
    continuation: list[dict[str, object]]
    turn: Fixed
    """What says at a page's foot that there is more."""
    foot: Foot
    boxes_since: int = 0


class Form(msgspec.Struct, frozen=True):
    """One form, any language. `revision` goes up with every change of what it shows or where."""

    name: str
    revision: int
    pages_max: int
    top: int
    bottom: int
    continued: str
    header: Fixed
    every_page: list[Block]
    opening: list[Block]
    continuation: list[Block]
    turn: Fixed
    foot: Foot
    boxes_since: int
    """The first revision that has its code and its boxes where this one has them; 0 where that is this one."""


def read_form(name: str) -> Form:
    """Read `forms/NAME.toml`. Raises FormError with every fault in the file."""
    text = importlib.resources.files("faxgw.render").joinpath("forms", f"{name}.toml").read_text("utf-8")
    return form_of(name, text)


def form_of(name: str, toml: str) -> Form:
    """The form that a file's text describes. Raises FormError."""
    faults: list[Fault] = []
    file = _sound(tomllib.loads(toml), _File, "", faults)
    if file is None:
        raise _refused(name, faults)
    blocks = {
        part: [_block(raw, f"/{part}/{index}", faults) for index, raw in enumerate(getattr(file, part))]
        for part in ("every_page", "opening", "continuation")
    }
    if faults:
        raise _refused(name, faults)
    return Form(name=name, **(msgspec.structs.asdict(file) | blocks))


def _block(raw: dict[str, object], pointer: str, faults: list[Fault]) -> Block | None:
    kind = raw.get("kind")
    if kind not in _KINDS:
        faults.append(Fault(f"{pointer}/kind", f"must be one of {', '.join(_KINDS)}"))
        return None
    rest = {key: value for key, value in raw.items() if key != "kind"}
    return _sound(rest, _KINDS[str(kind)], pointer, faults)


def _sound(raw: object, wanted: type[T], pointer: str, faults: list[Fault]) -> T | None:
    converted = convert_or_faults(raw, wanted)
    if isinstance(converted, list):
        faults += [Fault(pointer + fault.pointer, fault.detail) for fault in converted]
        return None
    return converted


def _refused(name: str, faults: list[Fault]) -> FormError:
    return FormError(f"form {name}: " + "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
