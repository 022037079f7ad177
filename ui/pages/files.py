"""The addresses of files on pages: downloads and previews."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ui.context import actor, platform
from ui.files import send_content

blueprint = Blueprint("files", __name__)


@blueprint.get("/files/<file_id>")
def download(file_id: str) -> ResponseReturnValue:
    """Answer with a file as a download."""
    return send_content(platform().files.open(actor(), file_id))


@blueprint.get("/files/<file_id>/<size>")
def preview(file_id: str, size: str) -> ResponseReturnValue:
    """Answer with a preview of an image, `small` or `large`."""
    return send_content(platform().files.open(actor(), file_id, preview=size))
