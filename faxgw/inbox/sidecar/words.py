"""A sidecar's bytes as text."""


def as_text(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, or Latin-1, which takes all bytes."""
    for encoding in ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
