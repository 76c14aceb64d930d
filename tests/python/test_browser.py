"""What the tests of pages rest on: the browser tells what a page does."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import visit
from playwright.sync_api import Browser

SCRIPTS = {
    "fetch": "fetch('https://example.com/a').catch(() => 0)",
    "image": "new Image().src = 'https://example.com/a'",
    "beacon": "navigator.sendBeacon('https://example.com/a', 'b')",
    "socket": "new WebSocket('wss://example.com/a')",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_what_leaves_the_machine_is_seen(
    browser: Browser, tmp_path: Path, script: str
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<script>{script}</script>")
    with visit(browser, page) as visited:
        visited.page.wait_for_timeout(200)
    [address] = visited.left
    assert address.endswith("://example.com/a")


def test_errors_are_seen(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<img src='gone.png'><script>throw new Error('boo')</script>")
    with visit(browser, page) as visited:
        visited.page.wait_for_load_state()
    assert "boo" in visited.errors
    assert any("ERR_FILE_NOT_FOUND" in error for error in visited.errors)


def test_a_good_page_is_quiet(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Good</h1><script>console.log('fine')</script>")
    with visit(browser, page) as visited:
        assert visited.page.inner_text("h1") == "Good"
    assert visited.errors == visited.left == []
