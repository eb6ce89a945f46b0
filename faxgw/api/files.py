"""Answers with a file, under a name of its own."""

from litestar import Response


def file_answer(content: bytes, media_type: str, name: str, *, is_inline: bool = False) -> Response[bytes]:
    """Inline is what a browser shows at once, such as a page; else it saves the file."""
    how = "inline" if is_inline else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
