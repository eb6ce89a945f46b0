"""The recogniser: machine print to lines of text with confidence. rapidocr, which the extra `[ocr]` brings.

Its models ship in its wheel, nothing is downloaded. It takes about three seconds a page on one core and 0.75 GB, so it
runs in a process of its own (`text_workers`), on one thread, at lower priority.
"""

import importlib.util
import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from faxgw.intake.faxread import TextLine
from faxgw.intake.pages.page import Ink

LINES_TURNED = 3
"""To find out how a page lies: a line upside down reads with 0.6 to 0.75, the right way with 0.98 and more."""


def is_installed() -> bool:
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


class Recogniser:
    """Loads the models: 0.3 s. One a process."""

    def __init__(self) -> None:
        # Before it is loaded, or it tells its maker of every start (onnxruntime's Privacy.md).
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        from rapidocr import RapidOCR  # noqa: PLC0415 - only where text is read, and only if it is installed.

        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        self._engine: Any = RapidOCR(params={"Global.log_level": "critical", **threads})

    def lines(self, ink: Ink) -> list[TextLine]:
        """Every line of the page, from top to bottom."""
        # What a call does not say the engine does as the call before.
        seen = self._engine(_picture(ink), use_det=True, use_cls=True, use_rec=True)
        if seen.boxes is None:
            return []
        found = [_line(box, text, score) for box, text, score in zip(seen.boxes, seen.txts, seen.scores, strict=True)]
        return sorted(found, key=lambda line: (line.top, line.left))

    def is_upside_down(self, ink: Ink, lines: Sequence[TextLine]) -> bool:
        """Whether most of the longest lines read better turned round; 0.1 s.

        The engine turns a line that it takes for one upside down, and says neither that it did nor which way it lay.
        """
        longest = sorted(lines, key=lambda line: line.left - line.right)[:LINES_TURNED]
        crops = [ink[line.top : line.bottom, line.left : line.right] for line in longest]
        turned = sum(self.line(crop[::-1, ::-1])[1] > self.line(crop)[1] for crop in crops)
        return 2 * turned > len(crops)

    def line(self, ink: Ink) -> tuple[str, float]:
        """What a picture of a single line says; 15 ms."""
        seen = self._engine(_picture(ink), use_det=False, use_cls=False, use_rec=True)
        if not seen.txts:
            return "", 0.0
        return seen.txts[0].strip(), float(seen.scores[0])


def _picture(ink: Ink) -> np.ndarray:
    """White paper, black ink, in the three equal colours that the models ask for."""
    grey = np.where(ink, np.uint8(0), np.uint8(255))
    return np.repeat(grey[:, :, None], 3, axis=2)


def _line(box: Any, text: str, score: float) -> TextLine:
    left, top = (int(value) for value in np.min(box, axis=0))
    right, bottom = (int(value) for value in np.max(box, axis=0))
    return TextLine(text=text.strip(), confidence=float(score), left=left, top=top, right=right, bottom=bottom)
