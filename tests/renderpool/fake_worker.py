"""A drawing process that does what the order number says: `kill`, `hang`, `babble`, `flood`, `short` or draw.

As its first argument it may be told not to start: `broken`. A file named by the second counts its starts.
"""

import json
import os
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

# As `faxgw/workers/frames.py` has them, which a test holds; a frame is easily made by hand.
HEADER_BYTES = 4
READY = b"ready"


def write_frame(content: bytes) -> None:
    sys.stdout.buffer.write(len(content).to_bytes(HEADER_BYTES, "big") + content)
    sys.stdout.buffer.flush()


def read_frame() -> bytes:
    header = sys.stdin.buffer.read(HEADER_BYTES)
    return sys.stdin.buffer.read(int.from_bytes(header, "big"))


def misbehave(number: str) -> None:
    match number:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(1_000)
        case "babble":
            sys.stdout.buffer.write(b"\x00\x00\x00\x05Hello\x00\x00\x00\x05Hello")
            sys.stdout.buffer.flush()
        case "flood":
            sys.stdout.buffer.write(b"\xff\xff\xff\xff")
            sys.stdout.buffer.flush()
        case _:
            pass


def draw(number: str) -> dict[str, Any]:
    tiff = number.encode()
    return {
        "type": "Document",
        "tiff": tiff,
        "pages": 1,
        "sha256": sha256(tiff).hexdigest(),
        "form_version": "fake",
    }


def main() -> None:
    mode, starts = sys.argv[1], Path(sys.argv[2])
    with starts.open("a") as counted:
        counted.write("started\n")
    if mode == "broken":
        sys.exit(1)
    write_frame(READY)
    while frame := read_frame():
        numbers = [drawing["order"]["number"] for drawing in json.loads(frame)]
        for number in numbers:
            misbehave(number)
        results = [draw(number) for number in numbers if number != "short"]
        write_frame(msgspec.msgpack.encode({"results": results, "cpu_seconds": 0.01}))


if __name__ == "__main__":
    main()
