"""Reading florists' faxes is nobody else's business."""

import os
import subprocess
import sys
from pathlib import Path

from faxgw.intake.ocr import is_installed
from tests.peers import miss_peer

READ_A_PAGE = """
import numpy as np
from faxgw.intake.ocr import Recogniser
print(len(Recogniser().lines(np.zeros((64, 256), dtype=bool))))
"""


def test_the_recogniser_keeps_no_diary_for_its_maker(tmp_path: Path) -> None:
    """onnxruntime would note each start and model in its user's home, and send that home."""
    if not is_installed():
        miss_peer("rapidocr (the extra `ocr`)")
    ran = subprocess.run(
        [sys.executable, "-c", READ_A_PAGE], env=os.environ | {"HOME": str(tmp_path)}, capture_output=True, check=True
    )
    assert ran.stdout == b"0\n"
    assert [path.name for path in tmp_path.rglob("*")] == []
