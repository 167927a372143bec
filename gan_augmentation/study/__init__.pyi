# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .inference import bca_interval as bca_interval
from .inference import sign_flip_p as sign_flip_p
from .planning import detectable as detectable
from .planning import power as power
from .judgement import Verdict as Verdict
from .judgement import verdict as verdict
from .judgement import verdicts as verdicts
from .experiment import Study as Study
from .experiment import load_study as load_study
from .experiment import study as study
from .plots import plot_classes as plot_classes
from .plots import plot_differences as plot_differences
from .plots import plot_sizes as plot_sizes
from .plots import plot_variants as plot_variants
from .report import summary as summary
from .report import write_report as write_report
from .controls import CONTROLS as CONTROLS
