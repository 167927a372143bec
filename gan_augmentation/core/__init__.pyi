# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .checks import check_choice as check_choice
from .arrays import normalize as normalize
from .arrays import denormalize as denormalize
from .arrays import image_noise as image_noise
from .arrays import fingerprint as fingerprint
from .files import save_json as save_json
from .files import save_bundle as save_bundle
from .files import load_bundle as load_bundle
from .machine import environment as environment
from .machine import pick_device as pick_device
from .show import show_images as show_images
from .show import save_figure as save_figure
from .show import COLOURS as COLOURS
from .directories import find_runs as find_runs
from .directories import run_state as run_state
