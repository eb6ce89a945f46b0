"""Two of spandsp's fax machines joined by their audio, as the florist's end of the line."""

import io
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageSequence

from tests.peers import miss_peer, require_peer

_SOURCE = Path(__file__).parent / "render" / "t30_loop.c"


class Received(NamedTuple):
    """What the second machine has on paper, and how long the call took."""

    pages: list[np.ndarray]
    seconds: float


def build_fax_machines(folder: Path) -> Path:
    """Both in one program, compiled."""
    program = folder / "t30_loop"
    command = [require_peer("gcc"), "-O2", "-o", str(program), str(_SOURCE), "-lspandsp", "-ltiff", "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No such file" in built.stderr or "cannot find" in built.stderr:
        miss_peer("libspandsp-dev with libtiff-dev")
    assert built.returncode == 0, built.stderr
    return program


def call(program: Path, tiff: bytes, folder: Path) -> Received:
    """Send it over T.30 with error correction."""
    sent, received = folder / "sent.tif", folder / "received.tif"
    sent.write_bytes(tiff)
    said = subprocess.run([program, sent, received], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    seconds = dict(part.split("=") for part in said.stdout.split())["seconds"]
    return Received(pixels(received.read_bytes()), float(seconds))


def pixels(tiff: bytes) -> list[np.ndarray]:
    """Of each page, white is true."""
    with Image.open(io.BytesIO(tiff)) as file:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(file)]
