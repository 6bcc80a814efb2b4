"""Pages in Chromium with the network off, and what they ask of it all the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.lab import CHROMIUM

#: A page is shown, and its scripts have begun, after this time [ms].
SHOWN_MS = 300
#: Where a page may take something from: beside it, or from itself.
OWN = ("file:", "data:", "blob:")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


def outside_requests(pages: Iterable[Path]) -> list[tuple[str, str]]:
    """Open each page; return (page, address) of each request to the network."""
    from playwright.sync_api import sync_playwright

    found: list[tuple[str, str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        for path in pages:
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.resolve().as_uri())
            page.wait_for_timeout(SHOWN_MS)
            found += [(path.name, address) for address in asked if not address.startswith(OWN)]
            page.close()
        browser.close()
    return found
