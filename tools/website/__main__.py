"""Make the pages and say what is wrong with them: `PYTHONPATH=tools python -m website`."""

import sys
import tempfile
from pathlib import Path

import sidebar

from . import build, checks
from .pages import Site

ROOT = Path(__file__).resolve().parent.parent.parent

with tempfile.TemporaryDirectory() as folder:
    done = build.process(ROOT, Path(folder) / "site")
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    sys.exit(
        "\n".join(checks.problems(Site(Path(folder) / "site/tree")) + sidebar.problems(ROOT))
        or None
    )
