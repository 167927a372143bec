"A browser for the tests of the web page: Debian's Chromium through Playwright, a page from a plain static server."

import functools
import shutil
import threading
import time
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OUTPUT = Path(__file__).parent / "output"  # screenshots of the last run
MISSING = (
    "the page is not tested in a browser: there is no chromium on the PATH; apt-get install chromium gets it"
)


class Quiet(SimpleHTTPRequestHandler):
    "Serves files, and says nothing."

    def log_message(self, *args):
        pass


@contextmanager
def served(folder):
    "Serve a folder as `python -m http.server` does; yields its address."
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def player():
    "Start Playwright; yields what starts browsers."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield functools.partial(
            playwright.chromium.launch, executable_path=shutil.which("chromium"), chromium_sandbox=False
        )


class Tab:
    "One page in a browser of its own state, with what it said and asked for."

    def __init__(self, browser, address, *, before=None, **options):
        self.said = []  # errors and warnings of the console
        self.asked = []  # addresses of all requests
        self.address = address
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.context.on("request", lambda request: self.asked.append(request.url))
        if before:
            before(self.page)
        self.page.goto(address)

    def hear(self, message):
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def value(self, expression):
        return self.page.evaluate(expression)

    def until(self, expression, seconds=60):
        "Wait until an expression of JavaScript is true, and return it; the page's policy forbids Playwright's own way."
        end = time.monotonic() + seconds
        while not (found := self.value(expression)):
            assert time.monotonic() < end, f"{expression} did not come true; the page says {self.said}"
            time.sleep(0.01)
        return found

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def classified(self, act):
        "Do something, and return what the page then classified."
        self.value("void (demo.classified = null)")
        act()
        return self.until("demo.classified")

    def generated(self, act):
        "Do something, and return what the page then generated."
        self.value("void (demo.generated = null)")
        act()
        self.until("demo.generated !== null")
        return self.value(GENERATED)

    def error(self, selector, act):
        "Do something, and return the message that the page then shows."
        act()
        self.page.locator(selector).wait_for(state="visible", timeout=20_000)
        return self.text(selector)

    def paste(self, kind, *names_types_contents):
        "Let files be dropped on the page, or pasted: (name, type, bytes as a list) each."
        self.page.evaluate(HAND_OVER, [kind, list(names_types_contents)])

    def close(self):
        self.context.close()


GENERATED = """() => {
  const plain = ([name, { data, dims }]) => [name, { data: Array.from(data, Number), dims }];
  return demo.generated.parts.map(({ feeds, images }) => ({
    feeds: Object.fromEntries(Object.entries(feeds).map(plain)),
    images: Array.from(images),
  }));
}"""

HAND_OVER = """([kind, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, bytes] of files) transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""
