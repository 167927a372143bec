# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .config import Mix as Mix
from .counts import how_many as how_many
from .counts import long_tail as long_tail
from .candidates import Filter as Filter
from .mixing import mixed_loaders as mixed_loaders
from .synthetic import make_set as make_set
from .dataset import AugmentedDataset as AugmentedDataset
from .dataset import augment_dataset as augment_dataset
from .dataset import load_training_data as load_training_data
from .filters import Agreement as Agreement
from .filters import Confidence as Confidence
from .filters import CriticScore as CriticScore
from .filters import Duplicates as Duplicates
from .filters import Novelty as Novelty
from .filters import TopK as TopK
from .filters import parse_filters as parse_filters
