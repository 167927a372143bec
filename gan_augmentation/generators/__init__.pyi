# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .sampler import Sampler as Sampler
from .guard import check_unseen as check_unseen
from .adapters import ImageSource as ImageSource
from .adapters import OnnxSampler as OnnxSampler
from .find import GENERATORS as GENERATORS
from .find import find_generator as find_generator
from .find import find_source as find_source
from .find import load_generator as load_generator
from .stored import SyntheticSet as SyntheticSet
from .nodes import lineage_record as lineage_record
from .nodes import lineage_text as lineage_text
from .lineage import lineage_of as lineage_of
