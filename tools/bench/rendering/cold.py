"""A new process's first pages: prints what importing, the first page and the next ones cost, as JSON.

`python -m tools.bench.rendering.cold [--warm]`
"""

import json
import sys
import time

started = time.process_time()
from faxgw.render.page import render_sheet  # noqa: E402 - importing is what is measured
from faxgw.render.warm import warm_up  # noqa: E402

imported = time.process_time()

from tools.bench.rendering.sheets import order_sheets  # noqa: E402

SHEETS = 100


def main() -> None:
    sheets = order_sheets(SHEETS)
    warm_start = time.process_time()
    if "--warm" in sys.argv[1:]:
        warm_up()
    marks = [time.process_time()]
    for sheet in sheets:
        render_sheet(sheet)
        marks.append(time.process_time())
    figures = {
        "import_ms": imported - started,
        "warm_up_ms": marks[0] - warm_start,
        "first_ms": marks[1] - marks[0],
        "next_ms": (marks[-1] - marks[1]) / (len(sheets) - 1),
    }
    print(json.dumps({name: seconds * 1e3 for name, seconds in figures.items()}))


if __name__ == "__main__":
    main()
