"""Two lines beside a fax: names, and values."""

import csv

from faxgw.inbox.sidecar.told import BadSidecar
from faxgw.inbox.sidecar.words import as_text


def read_csv(content: bytes) -> dict[str, str] | BadSidecar:
    text = as_text(content)
    head = text.partition("\n")[0]
    separator = max(",;\t|", key=head.count)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=separator) if row]
    except csv.Error:
        return BadSidecar("it is no CSV")
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return BadSidecar("it has not one line of names and one of as many values")
    return dict(zip(rows[0], rows[1], strict=True))
