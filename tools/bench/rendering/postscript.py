"""A sheet as the PostScript a newcomer would send to Ghostscript: Helvetica, the same sizes and places."""

from collections.abc import Iterable

from faxgw.render.marks import Code, Mark, Page, Rule, Text
from faxgw.render.paper import COLUMNS, COLUMNS_PER_INCH, FINE_ROWS
from faxgw.render.qr import code_rows

_FINE_ROWS_PER_INCH = 196
_BOLD_FROM = 550

_CP1252_FROM_128 = (
    "Euro .notdef quotesinglbase florin quotedblbase ellipsis dagger daggerdbl circumflex perthousand Scaron"
    " guilsinglleft OE .notdef Zcaron .notdef .notdef quoteleft quoteright quotedblleft quotedblright bullet endash"
    " emdash tilde trademark scaron guilsinglright oe .notdef zcaron Ydieresis"
)

_PROLOGUE = f"""%!PS-Adobe-3.0
/Latin ISOLatin1Encoding 256 array copy def
Latin 128 [ {" ".join(f"/{name}" for name in _CP1252_FROM_128.split())} ] putinterval
/recode {{ findfont dup length dict begin
  {{ 1 index /FID ne {{ def }} {{ pop pop }} ifelse }} forall
  /Encoding Latin def currentdict end definefont pop }} def
/R /Helvetica recode /B /Helvetica-Bold recode
"""

_PAGE = f"""<< /PageSize [{COLUMNS * 72 / COLUMNS_PER_INCH:.3f} {FINE_ROWS * 72 / _FINE_ROWS_PER_INCH:.3f}] >>
setpagedevice
72 {COLUMNS_PER_INCH} div 72 {_FINE_ROWS_PER_INCH} div scale
"""
"""From here on a unit is a pixel of the fine page; rows count upwards."""


def postscript(pages: Iterable[Page]) -> bytes:
    """One file with all the pages; a character that Windows' Latin set lacks becomes a question mark."""
    lines = [_PROLOGUE]
    for page in pages:
        lines += [_PAGE, *map(_command, page), "showpage"]
    return "\n".join(lines).encode("cp1252", "replace")


def _command(mark: Mark) -> str:
    match mark:
        case Text(x, baseline, style, text):
            font = "B" if style.weight >= _BOLD_FROM else "R"
            return f"/{font} {style.size_px} selectfont {x} {FINE_ROWS - baseline} moveto ({_escaped(text)}) show"
        case Rule(x, y, width, height):
            return f"{x} {FINE_ROWS - y - height} {width} {height} rectfill"
        case Code(x, y, module_columns, module_rows, content):
            rows = code_rows(content)
            side = len(rows)
            bits = b"".join(_packed(row) for row in rows).hex()
            return (
                f"gsave {x} {FINE_ROWS - y - side * module_rows} translate"
                f" {side * module_columns} {side * module_rows} scale"
                f" {side} {side} true [{side} 0 0 -{side} 0 {side}] <{bits}> imagemask grestore"
            )


def _packed(row: bytes) -> bytes:
    digits = "".join(map(str, row))
    size = -(-len(digits) // 8)
    return int(digits.ljust(size * 8, "0"), 2).to_bytes(size, "big")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
