"""XML as plain nodes that know their line; a DOCTYPE is refused, and with it every kind of entity bomb."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from faxgw.settlement.imports.amounts import parse_xml_minor
from faxgw.settlement.imports.entry import RefusedError

DEPTH_MAX = 64


@dataclass(slots=True)
class Node:
    """An element; names are without their namespace, which is `space`."""

    name: str
    space: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list["Node"])

    def all(self, *path: str) -> Iterator["Node"]:
        """Every element at the path below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> "Node | None":
        return next(self.all(*path), None)

    def told(self, *path: str) -> str:
        """The text at the path; empty where there is none."""
        found = self.first(*path)
        return found.text.strip() if found is not None else ""

    def need(self, *path: str) -> str:
        text = self.told(*path)
        if not text:
            raise RefusedError(f"{'/'.join(path)} is missing in {self.name}", self.line)
        return text

    def minor(self, currency: str, *path: str) -> int:
        found = self.first(*path)
        if found is None:
            raise RefusedError(f"{'/'.join(path)} is missing in {self.name}", self.line)
        try:
            return parse_xml_minor(found.text, currency)
        except ValueError as error:
            raise RefusedError(f"{found.name} is {found.text.strip()!r}: {error}", found.line) from None

    def count(self, *path: str) -> int:
        text = self.need(*path)
        if not text.isdecimal():
            raise RefusedError(f"{'/'.join(path)} is {text!r} and no count", self.line)
        return int(text)


def parse_tree(content: bytes) -> Node:
    """The root of the document.

    Raises:
        RefusedError: it is no well-formed XML, has a DOCTYPE, or is nested beyond all sense.
    """
    builder = _Builder()
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise RefusedError(f"not well-formed XML: {expat.ErrorString(error.code)}", error.lineno) from None
    except (LookupError, ValueError):
        raise RefusedError("its encoding is none that XML is read in; UTF-8 is", 1) from None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._open: list[Node] = []
        self.root = Node("", "", 1, {})

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, own = name.rpartition(" ")
        node = Node(own, space, self.parser.CurrentLineNumber, attributes)
        if not self._open:
            self.root = node
        else:
            self._open[-1].children.append(node)
        self._open.append(node)
        if len(self._open) > DEPTH_MAX:
            raise RefusedError(f"nested deeper than {DEPTH_MAX} elements", node.line)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _refuse(self, *_: object) -> None:
        raise RefusedError("a DOCTYPE has no place in a settlement file", self.parser.CurrentLineNumber)
