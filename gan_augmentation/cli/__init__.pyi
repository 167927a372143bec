# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .program import main as main
