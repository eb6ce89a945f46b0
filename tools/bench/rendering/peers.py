"""Ghostscript, libtiff's encoder in a program of C, and spandsp's fax machines, each run as its user would."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from faxgw.render.marks import Page
from faxgw.render.paper import COLUMNS, FINE_ROWS
from faxgw.render.sheet import Resolution
from faxgw.render.strip import paint_page
from tools.bench.peers.place import MissingPeerError
from tools.bench.rendering.postscript import postscript

_FAX_MACHINES = Path(__file__).parents[3] / "tests" / "render" / "t30_loop.c"


def run(command: Sequence[str]) -> str:
    """What the program prints. Raises CalledProcessError when it fails."""
    # Programs and arguments are ours; nothing of them comes from outside.
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def children_cpu_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def ghostscript(pages: Sequence[Page], folder: Path) -> list[Path]:
    """One process makes one group-4 file a page; returns their paths."""
    program = shutil.which("gs")
    if program is None:
        raise MissingPeerError("ghostscript")
    source = folder / "pages.ps"
    source.write_bytes(postscript(pages))
    command = [program, "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-r204x196"]
    command += [f"-g{COLUMNS}x{FINE_ROWS}", f"-sOutputFile={folder}/gs%03d.tif", str(source)]
    run(command)
    return [folder / f"gs{number:03d}.tif" for number in range(1, len(pages) + 1)]


def build(source: Path, libraries: Sequence[str], folder: Path) -> Path:
    """Compile a C program of one file."""
    program = folder / source.stem
    command = ["gcc", "-O2", "-o", str(program), str(source), *(f"-l{library}" for library in libraries)]
    try:
        run(command)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingPeerError(f"gcc with the headers of {', '.join(libraries)}") from error
    return program


class LibtiffAlone:
    """libtiff's own encoder on bitmaps that are ready, without Python around it."""

    def __init__(self, pages: Sequence[Page], folder: Path) -> None:
        self._program = build(Path(__file__).with_name("alone.c"), ["tiff"], folder)
        self._bitmaps = folder / "bitmaps"
        self._bitmaps.write_bytes(b"".join(paint_page(page, Resolution.FINE).tobytes() for page in pages))
        self.version = ""

    def cpu_ms(self) -> float:
        """CPU milliseconds a page, as the program itself counts them: reading the bitmaps is left out."""
        command = [str(self._program), str(self._bitmaps), "3"]
        printed = run(command)
        milliseconds, self.version = printed.strip().split(" ", 1)
        return float(milliseconds)


class FaxMachines:
    """Two spandsp fax machines joined by their audio: V.17, ECM, MMR."""

    def __init__(self, folder: Path) -> None:
        self._program = build(_FAX_MACHINES, ["spandsp", "tiff", "m"], folder)
        self._received = folder / "received.tif"

    def call_seconds(self, tiff: Path) -> float:
        """How long the line is held, from answering to hanging up."""
        command = [str(self._program), str(tiff), str(self._received)]
        printed = run(command)
        return float(dict(part.split("=") for part in printed.split())["seconds"])
