"""Where the pages of the site are."""

from __future__ import annotations

import os
from pathlib import Path

from python_jobs.settings import Settings


def publish(settings: Settings, folder: str, html: str) -> Path:
    """Put a page into a folder of the site; return where it is.

    A reader sees the old page or the new one, never half of one.
    """
    page = settings.home / "site" / folder / "index.html"
    page.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Of its own name, where two write at once.
    partial = page.with_suffix(f".{os.getpid()}.tmp")
    try:
        partial.write_text(html, encoding="utf-8")
        partial.replace(page)
    finally:
        partial.unlink(missing_ok=True)
    return page
