"""A page in headless Chromium, on a screen of a given size or on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
)
"""Without a screen, as root, and without a word to any network."""

DESKTOP, LAPTOP, PHONE = (1360, 900), (1440, 900), (360, 740)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.fail("Chromium and its driver are missing: `make browser` installs them (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


class Browser:
    """A page on a screen of a given size."""

    def __init__(self, chrome: webdriver.Chrome, path: Path, size: tuple[int, int] = DESKTOP, **media: str) -> None:
        self.chrome = chrome
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": media.get("scheme", "light")}]
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media.get("media", ""), "features": features})
        chrome.get_log("browser")
        chrome.get(path.as_uri())

    def run(self, script: str, *arguments: object) -> Any:
        return self.chrome.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", self.one(selector))
        self.one(selector).click()

    def column(self, column: int) -> list[str]:
        """The keys of a column of the table of layers, of the rows that are shown."""
        keys: list[str] = self.run(
            "return [...document.getElementById('layers').tBodies[0].rows].filter(row => !row.hidden)"
            ".map(row => row.cells[arguments[0]].dataset.v)",
            column,
        )
        return keys

    def sort(self, column: int) -> str | None:
        self.click(f"#layers button[data-column='{column}']")
        return self.one(f"#layers th:nth-child({column + 1})").get_attribute("aria-sort")
