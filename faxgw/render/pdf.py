"""The PDF container around the same group-4 strips, for carriers that want PDF: nothing is coded again."""

from faxgw.render.paper import COLUMNS, COLUMNS_PER_INCH
from faxgw.render.tiff import CodedPage, read_pages

PDF_REVISION = "pdf/1"
"""Change it with every change of the container's bytes: it is kept with each attempt that goes out as PDF."""

_POINTS_PER_INCH = 72


def pdf_of(tiff: bytes) -> bytes:
    """The same pages as a file that `write_tiff` wrote, around the same strips."""
    return write_pdf(read_pages(tiff))


def write_pdf(pages: list[CodedPage]) -> bytes:
    """One page a strip, each as large as it is on paper. The same pages give the same bytes."""
    kids = " ".join(f"{_first_object(index)} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
    ]
    for index, page in enumerate(pages):
        objects += _page_objects(page, _first_object(index))
    return _file(objects)


def _first_object(index: int) -> int:
    """Objects count from 1; two stand before the pages, and a page takes three."""
    return 3 + 3 * index


def _page_objects(page: CodedPage, number: int) -> list[bytes]:
    """The page, what it paints, and the strip as an image."""
    width = f"{COLUMNS / COLUMNS_PER_INCH * _POINTS_PER_INCH:.2f}"
    height = f"{page.rows / page.lines_per_inch * _POINTS_PER_INCH:.2f}"
    sheet = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {number + 1} 0 R"
        f" /Resources << /XObject << /Fax {number + 2} 0 R >> >> >>"
    )
    image = (
        f"/Type /XObject /Subtype /Image /Width {COLUMNS} /Height {page.rows} /ColorSpace /DeviceGray"
        f" /BitsPerComponent 1 /Filter /CCITTFaxDecode"
        f" /DecodeParms << /K -1 /Columns {COLUMNS} /Rows {page.rows} >>"
    )
    paint = f"q {width} 0 0 {height} 0 0 cm /Fax Do Q"
    return [sheet.encode(), _stream("", paint.encode()), _stream(image, page.strip)]


def _stream(entries: str, data: bytes) -> bytes:
    return b"".join((f"<< {entries} /Length {len(data)} >>\nstream\n".encode(), data, b"\nendstream"))


def _file(objects: list[bytes]) -> bytes:
    # The comment's high bytes tell transfer programs that the file is binary (ISO 32000-1, 7.5.2).
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    offset = len(parts[0])
    places = []
    for number, content in enumerate(objects, start=1):
        part = b"".join((f"{number} 0 obj\n".encode(), content, b"\nendobj\n"))
        places.append(offset)
        offset += len(part)
        parts.append(part)
    entries = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    parts.append(
        f"xref\n0 {size}\n0000000000 65535 f \n{entries}"
        f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{offset}\n%%EOF\n".encode()
    )
    return b"".join(parts)
