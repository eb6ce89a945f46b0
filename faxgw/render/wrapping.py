"""Breaks a text into lines that fit a width; nothing but the spaces at a break is lost."""

from faxgw.render.typeface import Style, width_px


def wrap(style: Style, text: str, wide_px: int) -> list[str]:
    """The text's lines, each at most `wide_px` wide (one character may be wider). `\\n` breaks always."""
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(style, paragraph, wide_px)]


def _wrap_paragraph(style: Style, paragraph: str, wide_px: int) -> list[str]:
    if width_px(style, paragraph) <= wide_px:
        return [paragraph.rstrip(" ")]
    lines: list[str] = []
    line, used_px = "", 0
    space_px = width_px(style, " ")
    for word in paragraph.split(" "):
        word_px = width_px(style, word)
        if line and used_px + space_px + word_px <= wide_px:
            line, used_px = f"{line} {word}", used_px + space_px + word_px
            continue
        if line.strip(" "):
            lines.append(line.rstrip(" "))
        *whole, line = _cut(style, word, wide_px)
        lines += whole
        used_px = width_px(style, line)
    return [*lines, line.rstrip(" ")]


def _cut(style: Style, word: str, wide_px: int) -> list[str]:
    """Cut a word that is wider than the line where the line is full, or at the last hyphen or the like."""
    pieces, piece, used_px = [], "", 0
    for character in word:
        character_px = width_px(style, character)
        if piece and used_px + character_px > wide_px:
            end = _last_joint(piece)
            pieces.append(piece[:end])
            piece = piece[end:]
            used_px = width_px(style, piece)
        piece += character
        used_px += character_px
    return [*pieces, piece]


def _last_joint(piece: str) -> int:
    """Where a full piece is best cut: behind the last hyphen, stroke or dot of its second half, or at its end."""
    joint = max(piece.rfind(sign) for sign in "-/._@") + 1
    return joint if joint > len(piece) // 2 else len(piece)
