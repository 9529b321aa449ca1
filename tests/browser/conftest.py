"""A running system, Debian's Chromium, and people who are signed in."""

from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from bench.harness import System, running_system
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser.store import stock

ROOT = Path(__file__).parents[2]
expect.set_options(timeout=20_000)  # passing is no slower for it, and a busy machine is no failure
CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: Playwright keeps an event loop in the main thread, which others need."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.is_relative_to(here))


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """A whole system with a few goods and one of each document, as a new shop has them."""
    if not (ROOT / "console" / "dist" / "index.html").is_file():
        pytest.fail("the console is not built; run: make setup")
    with running_system() as running:
        stock(running)
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's own browser, never a downloaded one."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed; run: tests/system_packages.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def owner(system: System, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sign the owner in by the one-time link, once; return the kept cookies."""
    kept = tmp_path_factory.mktemp("owner") / "state.json"
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{system.base_url}/sign-in?token={system.sign_in_token}")
    page.get_by_role("heading", name="总览").wait_for()
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def context(chromium: Browser, owner: Path, system: System) -> Iterator[BrowserContext]:
    """A browser of the owner's, in Chinese, at a desk."""
    made = chromium.new_context(
        storage_state=owner,
        locale="zh-CN",
        viewport={"width": 1440, "height": 900},
        base_url=system.base_url,
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab that fails the test when a script of the console breaks."""
    tab = context.new_page()
    tab.on("pageerror", _raise)
    return tab


def _raise(error: Exception) -> None:
    raise AssertionError(str(error))
