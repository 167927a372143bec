# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .intervals import Metric as Metric
from .intervals import compare as compare
from .extractors import Extractor as Extractor
from .extractors import features_of as features_of
from .extractors import load_extractor as load_extractor
from .distances import frechet as frechet
from .distances import kernel_distance as kernel_distance
from .distances import precision_recall as precision_recall
from .neighbours import density_coverage as density_coverage
from .copies import find_copies as find_copies
from .usefulness import gan_train as gan_train
from .usefulness import recognised as recognised
from .evaluator import Evaluation as Evaluation
from .evaluator import evaluate_generator as evaluate_generator
from .evaluator import load_evaluation as load_evaluation
from .evaluator import plot_measures as plot_measures
from .evaluator import rank_generators as rank_generators
