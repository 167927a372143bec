"""Seconds in the browser, as parts of what is allowed: until the page can be used, for 16 images of the GAN, and for 16
of the diffusion model with the steps of its file, on one thread of WebAssembly.

    python benchmarks/web.py

Run with `make bench`. It takes the page of `make web`, a static server on this machine and Debian's Chromium without
a window. Every round is a new profile, which has nothing in its cache; its first images count, too.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import report

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from browser import Tab, player, served

ROUNDS = 5
ALLOWED = {"usable": 3.0, "16 GAN images": 1.0, "16 diffusion images": 20.0}  # seconds
USABLE = """document.readyState === "complete" && !!document.querySelector("#examples:not([hidden]) img")
  && [...document.querySelectorAll("#examples img")].every((image) => image.complete && image.naturalWidth)"""


def one_round(browser, address: str) -> dict:
    "Open the page as somebody who has never seen it, and use it; return seconds."
    start = time.perf_counter()
    tab = Tab(browser, address)
    tab.until(USABLE)
    found = {"usable": time.perf_counter() - start}
    tab.until("demo.ready")
    tab.page.click("#tab-generate")
    for i, name in enumerate(["16 GAN images", "16 diffusion images"]):
        tab.page.locator("#models input").nth(i).check()
        tab.generated(lambda: tab.page.click("#go"))
        found[name] = tab.value("demo.generated.seconds")
    assert tab.text("#engine") == "Runs on WebAssembly, 1 thread.", tab.text("#engine")
    tab.close()
    return found


def main():
    "Build the page, use it, and store the seconds."
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        subprocess.run([sys.executable, "-W", "ignore", HERE.parent / "tools/web.py", page], check=True)
        with served(page) as address, player() as launch, launch() as browser:
            version = browser.version
            rounds = [one_round(browser, address) for _ in range(ROUNDS)]
    measured = {name: [r[name] for r in rounds] for name in ALLOWED}
    report(
        "web",
        unit="seconds",
        browser=f"Chromium {version}",
        allowed=ALLOWED,
        measured=measured,
        ratios={name: [x / ALLOWED[name] for x in values] for name, values in measured.items()},
        target="at most 1 of what is allowed",
        met=lambda part: part <= 1,
    )


if __name__ == "__main__":
    main()
