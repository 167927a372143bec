# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .records import run_table as run_table
from .classifier import evaluate_run as evaluate_run
from .classifier import resume_run as resume_run
from .classifier import train_run as train_run
from .generator import resume_generator as resume_generator
from .generator import train_generator as train_generator
from .generator import write_images as write_images
from .measures import evaluate_saved as evaluate_saved
from .demo import run_demo as run_demo
