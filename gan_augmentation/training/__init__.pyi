# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .learner import ResumableLearner as ResumableLearner
from .learner import optimizer as optimizer
from .learner import precision_cbs as precision_cbs
from .learner import quiet as quiet
from .learner import model_info as model_info
from .callbacks import AtStepsCB as AtStepsCB
from .callbacks import AverageCB as AverageCB
from .callbacks import HistoryCB as HistoryCB
from .callbacks import KeepBestCB as KeepBestCB
from .callbacks import StopAtNaNCB as StopAtNaNCB
from .callbacks import history as history
from .checkpoints import CheckpointCB as CheckpointCB
from .config import TrackConfig as TrackConfig
from .services import Tracked as Tracked
from .tracking import check_tracking as check_tracking
from .tracking import tracked as tracked
from .offline import read_offline as read_offline
