"""JupyterLab in Chromium, for tests that do what a person does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START_S, CELLS_S = 120, 300
#: No news from the network, and every cell is in the page, seen or not.
SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',
}
KERNEL = "window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status"
ALL_RUN = (
    f"{KERNEL} === 'idle' && window.jupyterapp.shell.currentWidget.content.widgets"
    ".every((cell) => cell.model.type !== 'code' || cell.model.executionCount !== null)"
)


@contextmanager
def jupyter_lab(folder: Path, **environment: str) -> Iterator[str]:
    """Run JupyterLab at a folder as `make lab` does; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # a home of its own: no settings, workspaces or news of the person who runs the test
    home = folder / ".jupyter_home"
    for extension, text in SETTINGS.items():
        path = home / "lab" / "user-settings" / "@jupyterlab" / f"{extension}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}",
        f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    variables = (
        os.environ | {"JUPYTER_CONFIG_DIR": str(home), "JUPYTERLAB_WORKSPACES_DIR": str(home / "w")} | environment
    )
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "lab.log").read_text()
                assert time.monotonic() < deadline, (folder / "lab.log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def notebook_page(address: str, notebook: str) -> Iterator[Any]:
    """Open a notebook in Chromium, run all its cells, and give the page once the last one has ended."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(f"{address}/doc/tree/{notebook}?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=START_S * 1000)
        wait_until(page, f"{KERNEL} === 'idle'", seconds=START_S)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return true; }")
        wait_until(page, ALL_RUN, seconds=CELLS_S)
        yield page
        browser.close()


def wait_until(page: Any, condition: str, *, seconds: float) -> None:
    """Wait until an expression of the page is true; an error shows what JupyterLab's cells say meanwhile."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"() => {condition}"):
        assert time.monotonic() < deadline, f"{condition}\n{page.inner_text('.jp-Notebook')}"
        page.wait_for_timeout(250)
