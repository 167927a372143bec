"A sweep in a process of its own, which a test kills: `python sweeping.py JSON` with the arguments of `sweep`."

import json
import sys

from gan_augmentation.study import sweep

sweep(**json.loads(sys.argv[1]))
