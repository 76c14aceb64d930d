"""A real browser for the tests of the pages, and what a page did in it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing of its own over the network, and nothing that asks a person.
ARGUMENTS = (
    *("--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run"),
)
LOCAL = re.compile(r"^(file:|data:|blob:|about:|https?://127\.0\.0\.1[:/])")


@dataclass
class Visit:
    """A page that is open, and what it has done so far.

    Attributes:
        page: The page itself.
        errors: Errors on its console, and exceptions that nothing caught.
        left: Addresses off this machine that it asked for; none was answered.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def launch(playwright: Playwright) -> Browser:
    """Start the browser of this machine, or the one that BROWSER_EXECUTABLE names."""
    found = os.environ.get("BROWSER_EXECUTABLE") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    assert found, "no browser: install chromium, or name one in BROWSER_EXECUTABLE"
    return playwright.chromium.launch(
        executable_path=found,
        # Chromium's sandbox refuses to run as root.
        args=[*ARGUMENTS, *(["--no-sandbox"] if os.getuid() == 0 else [])],
    )


@contextmanager
def visit(browser: Browser, address: str | Path, **options: Any) -> Iterator[Visit]:
    """Open a page in a fresh profile; close it at the end.

    Args:
        browser: The browser.
        address: A file, or an address.
        **options: Of the profile, such as `viewport` and `color_scheme`.
    """
    context = browser.new_context(**options)
    visited = Visit(context.new_page())
    page = visited.page
    page.on(
        "console",
        lambda said: visited.errors.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: visited.errors.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if LOCAL.match(request.url) else visited.left.append(request.url)
        ),
    )
    page.on("websocket", lambda socket: visited.left.append(socket.url))
    context.route(lambda url: not LOCAL.match(url), lambda route: route.abort())
    page.goto(address.as_uri() if isinstance(address, Path) else address)
    try:
        yield visited
    finally:
        context.close()
