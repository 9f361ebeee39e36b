"""Makes pictures for docs small enough to be kept with the code."""

import io
from typing import Final

from PIL import Image

_COLOURS: Final = 64


def with_few_colours(png: bytes) -> bytes:
    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()
