"""Style sheets, scripts and pictures. Their addresses hold a hash of what is in them: kept for ever."""

from __future__ import annotations

import mimetypes
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from rota.web.call import Call
from rota.web.routing import Public, Routes

ROUTES = Routes()
FOR_EVER = "public, max-age=31536000, immutable"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@cache
def contents() -> dict[str, bytes]:
    """Return every static file by its name; only these are served."""
    folder = files("rota.web.ui").joinpath("static")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


@cache
def version() -> str:
    """Return the hash that stands in the address of every file: modules name each other without it."""
    digest = blake2b(digest_size=6)
    for name, data in sorted(contents().items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()


@ROUTES.get("/static/<version>/<name>", Public.ANYONE, name="static")
def serve(call: Call, version: str, name: str) -> Response:
    """Answer with a file of ours."""
    data = contents().get(name)
    if data is None:
        raise NotFound(f"there is no file {name[:80]!r}")
    suffix = f".{name.rpartition('.')[2]}"
    kind = KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response(data, mimetype=kind)
    response.headers["Cache-Control"] = FOR_EVER
    return response
