"""Checks images by decoding them, within a bound of pixels, and draws their previews.

A preview is turned as the camera was held and keeps nothing but pixels: no place, no time, no name of the device.
"""

from __future__ import annotations

import struct
import threading
import zlib
from pathlib import Path

from PIL import Image, ImageOps

from metamodel.field_types import FieldValueError

MOST_PIXELS = 50_000_000
SIZES = {"small": 128, "large": 1_024}
"""Preview → the longest side it has."""
PREVIEW_TYPE = "image/webp"
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_FAULTS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


class ImageDesk:
    """Decodes one image at a time, so that the memory it takes is bounded for the process."""

    def __init__(self) -> None:
        self._one = threading.Lock()

    def draw_previews(self, source: Path, targets: dict[str, Path]) -> None:
        """Check an image and draw its previews; targets: preview → file to write.

        Raises: FieldValueError where it is no image, damaged or too large.
        """
        with self._one:
            try:
                with Image.open(source, formats=_FORMATS) as image:
                    self._draw(image, targets)
            except Image.DecompressionBombError as fault:
                raise FieldValueError("image_too_large", width="…", height="…") from fault
            except _FAULTS as fault:
                raise FieldValueError("image_broken") from fault

    def _draw(self, image: Image.Image, targets: dict[str, Path]) -> None:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise FieldValueError("image_too_large", width=width, height=height)
        # A JPEG is decoded at a fraction of its size where that suffices.
        image.draft("RGB", (max(SIZES.values()) * 2, max(SIZES.values()) * 2))
        turned = ImageOps.exif_transpose(image)
        pixels = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
        for size, target in sorted(targets.items()):
            small = pixels.copy()
            small.thumbnail((SIZES[size], SIZES[size]))
            clean = Image.new(small.mode, small.size)
            clean.paste(small)
            clean.save(target, format="WEBP", quality=82)
