# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .config import DataConfig as DataConfig
from .sources import DATASETS as DATASETS
from .images import ImageDataset as ImageDataset
from .images import as_dataset as as_dataset
from .images import stratified as stratified
from .splits import Splits as Splits
from .splits import fold_splits as fold_splits
from .splits import load_data as load_data
from .splits import split_data as split_data
from .loaders import BatchLoader as BatchLoader
from .loaders import dataloaders as dataloaders
from .randaugment import rand_augment as rand_augment
from .transforms import flip as flip
from .transforms import shift as shift
from .transforms import rotate as rotate
from .transforms import erase as erase
from .write import write_chunks as write_chunks
