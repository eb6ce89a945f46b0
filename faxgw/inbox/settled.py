"""Which of the listed files are a whole fax by now; pure.

A server's clock is never compared with ours. A file rests while its size and its time, whatever that is, stay what
they were at the last look; for how long, our own clock tells.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from faxgw.config.inbox import FILE_IGNORED, Convention, InboxConfig
from faxgw.inbox.names import claim_in, sidecar_names
from faxgw.inbox.port import Listed


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is remembered of a file between two looks."""

    size: int
    stamp: str
    first_at: float
    """When it was seen first."""
    same_since: float
    looks: int
    """At the file as it is now."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a fax: its only one, or one of its pages."""

    name: str
    """Without the mark of a claim."""
    listed: Listed
    owner: str = ""
    """Of the claim on it; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A fax that is whole as far as its files show."""

    parts: tuple[Part, ...]
    """In the order of the pages; never empty."""
    first_at: float
    sidecar: Listed | None = None
    lacks: str = ""
    """What it was waited for in vain, for the operator."""
    lacks_pages: bool = False

    @property
    def name(self) -> str:
        return self.parts[0].name


@dataclass(frozen=True, slots=True)
class Look:
    """What one listing showed."""

    sightings: Mapping[str, Sighting]
    arrivals: Sequence[Arrival]
    """The one seen first first."""
    waiting: int
    """Faxes that are not whole yet."""
    oldest_at: float | None
    """When the fax that is here for the longest time was seen first, taken or waiting."""
    lonely: frozenset[str]
    """Sidecars whose fax has been waited for in vain."""


@dataclass(frozen=True, slots=True)
class Rules:
    """An inbox's config, ready for use. `owner` is this gateway's mark on files."""

    own: InboxConfig
    owner: str
    ignored: re.Pattern[str] | None
    page: re.Pattern[str] | None
    sidecar_suffix: str

    def is_sidecar(self, name: str) -> bool:
        return bool(self.sidecar_suffix) and name.endswith(self.sidecar_suffix)


def rules_of(own: InboxConfig, owner: str) -> Rules:
    return Rules(
        own,
        owner,
        re.compile(own.ignore_pattern) if own.ignore_pattern else None,
        re.compile(own.page_pattern) if own.page_pattern else None,
        own.suffix_of_sidecars,
    )


def look_at(files: Sequence[Listed], before: Mapping[str, Sighting], now: float, rules: Rules) -> Look:
    """Compare a listing with the last one. `now` is seconds of any clock that never steps back."""
    theirs = [file for file in files if not _is_ignored(file.name, rules)]
    sightings = {file.name: _sight(file, before.get(file.name), now) for file in theirs}
    sidecars = {file.name: file for file in theirs if rules.is_sidecar(file.name)}
    scene = _Scene(sightings, sidecars, now, rules)
    faxes = [_judge(parts, scene) for parts in _by_fax(_parts(theirs, scene), rules)]
    arrivals = [fax for fax in faxes if isinstance(fax, Arrival)]
    times = [fax.first_at if isinstance(fax, Arrival) else fax for fax in faxes]
    return Look(
        sightings,
        sorted(arrivals, key=lambda each: each.first_at),
        len(faxes) - len(arrivals),
        min(times, default=None),
        _lonely(theirs, scene),
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a verdict may look at."""

    sightings: Mapping[str, Sighting]
    sidecars: Mapping[str, Listed]
    now: float
    rules: Rules

    def rested_seconds(self, file: Listed) -> float:
        return self.now - self.sightings[file.name].same_since

    def is_settled(self, file: Listed) -> bool:
        rested = self.rested_seconds(file) >= self.rules.own.settle_seconds
        return rested and self.sightings[file.name].looks >= 2


def _is_ignored(name: str, rules: Rules) -> bool:
    return bool(FILE_IGNORED.search(name) or (rules.ignored and rules.ignored.search(name)))


def _sight(file: Listed, before: Sighting | None, now: float) -> Sighting:
    if before is None:
        return Sighting(file.size, file.stamp, now, now, 1)
    if (before.size, before.stamp) != (file.size, file.stamp):
        return Sighting(file.size, file.stamp, before.first_at, now, 1)
    return replace(before, looks=before.looks + 1)


def _parts(files: Sequence[Listed], scene: _Scene) -> Iterator[Part]:
    """Files that may be ours to take.

    A claim's own name has to wait for it: the sender used the name again, and to claim that file as well would be
    to rename it over the first one.
    """
    claims = {file.name: claim for file in files if (claim := claim_in(file.name))}
    names_taken = {claim.name for claim in claims.values()}
    for file in files:
        claim = claims.get(file.name)
        if file.name in scene.sidecars:
            continue
        if claim is None and file.name not in names_taken:
            yield Part(file.name, file)
        elif claim and (claim.owner == scene.rules.owner or _is_left_behind(file, scene)):
            yield Part(claim.name, file, claim.owner)


def _is_left_behind(file: Listed, scene: _Scene) -> bool:
    """A claim of a gateway that has ended, it seems."""
    return scene.rested_seconds(file) >= scene.rules.own.claim_seconds


def _by_fax(parts: Iterable[Part], rules: Rules) -> list[tuple[Part, ...]]:
    """Single files, and the pages of one fax together, in order."""
    groups: dict[str, list[tuple[int, Part]]] = {}
    for part in parts:
        fax, page = _page_of(part.name, rules)
        groups.setdefault(fax, []).append((page, part))
    return [tuple(part for _, part in sorted(pages, key=lambda each: each[0])) for pages in groups.values()]


def _page_of(name: str, rules: Rules) -> tuple[str, int]:
    found = rules.page.search(name) if rules.page else None
    page = _number_in(found, "page")
    # A sign that no file's name can have keeps a fax of pages apart from a file of the same name.
    return (name, 0) if found is None or page is None else (f"{found['fax']}/", page)


def _number_in(found: re.Match[str] | None, group: str) -> int | None:
    """What the group says, where it is there and a number: the pattern is the operator's, the names are strangers'."""
    text = found.groupdict().get(group) if found is not None else None
    return int(text) if text is not None and text.isdecimal() else None


def _judge(parts: tuple[Part, ...], scene: _Scene) -> Arrival | float:
    """The fax where it is whole, else when its first file was seen."""
    first_at = min(scene.sightings[part.listed.name].first_at for part in parts)
    waited_out = scene.now - first_at >= scene.rules.own.sidecar_wait_seconds
    sidecar = _sidecar_of(parts, scene)
    if not all(_is_whole(part, sidecar, scene) for part in parts):
        return first_at
    lacks_pages = not _has_all_pages(parts, scene)
    lacks_sidecar = bool(scene.rules.sidecar_suffix) and sidecar is None
    if (lacks_pages or lacks_sidecar) and not waited_out:
        return first_at
    lacks = "a page of it never came" if lacks_pages else "its sidecar never came" if lacks_sidecar else ""
    return Arrival(parts, first_at, sidecar, lacks, lacks_pages)


def _sidecar_of(parts: Sequence[Part], scene: _Scene) -> Listed | None:
    if not scene.sidecars:
        return None
    named = (name for part in parts for name in _sidecars_for(part.name, scene))
    return next((scene.sidecars[name] for name in named if name in scene.sidecars), None)


def _lonely(files: Sequence[Listed], scene: _Scene) -> frozenset[str]:
    """Whoever has the fax now, its sidecar is not alone."""
    if not scene.sidecars:
        return frozenset()
    faxes = [file.name for file in files if file.name not in scene.sidecars]
    plain = [claim.name if (claim := claim_in(fax)) else fax for fax in faxes]
    named = {name for fax in plain for name in _sidecars_for(fax, scene)}
    long_ago = scene.now - scene.rules.own.sidecar_wait_seconds
    return frozenset(name for name in scene.sidecars.keys() - named if scene.sightings[name].first_at <= long_ago)


def _sidecars_for(name: str, scene: _Scene) -> Iterator[str]:
    yield from sidecar_names(name, scene.rules.sidecar_suffix)
    if scene.rules.page and (found := scene.rules.page.search(name)):
        yield found["fax"] + scene.rules.sidecar_suffix


def _is_whole(part: Part, sidecar: Listed | None, scene: _Scene) -> bool:
    if part.owner:
        # Whoever claimed it saw that it was.
        return True
    match scene.rules.own.convention:
        case Convention.RENAMED:
            return True
        case Convention.SETTLED:
            return scene.is_settled(part.listed)
        case Convention.SIDECAR:
            return bool(sidecar and sidecar.size) or scene.is_settled(part.listed)
        case convention:
            assert_never(convention)


def _has_all_pages(parts: Sequence[Part], scene: _Scene) -> bool:
    """As many as the name says, else all up to the last one, and no more for as long as a file takes to settle."""
    page = scene.rules.page
    found = [match for part in parts if page and (match := page.search(part.name))]
    numbers = {number for match in found if (number := _number_in(match, "page")) is not None}
    if not numbers:
        return True
    without_gap = min(numbers) <= 1 and numbers == set(range(min(numbers), min(numbers) + len(found)))
    told = _number_in(found[0], "pages")
    if told is not None:
        return without_gap and len(found) == told
    return without_gap and all(scene.is_settled(part.listed) or part.owner for part in parts)
