# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .prediction import CLASSIFIERS as CLASSIFIERS
from .prediction import Classifier as Classifier
from .prediction import build_classifier as build_classifier
from .prediction import classify as classify
from .prediction import load_classifier as load_classifier
from .prediction import predict as predict
from .prediction import save_classifier as save_classifier
from .mixup import augmentation as augmentation
from .recipe import CrossEntropy as CrossEntropy
from .recipe import classifier_learner as classifier_learner
from .recipe import classifier_scores as classifier_scores
from .recipe import train_classifier as train_classifier
from .scores import calibration as calibration
from .scores import class_report as class_report
from .scores import plot_confusions as plot_confusions
from .scores import plot_curves as plot_curves
from .corruptions import corruption_accuracies as corruption_accuracies
