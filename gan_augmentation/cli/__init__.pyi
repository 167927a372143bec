# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .__main__ import main as main
