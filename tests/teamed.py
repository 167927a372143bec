"Run gan-augment as one of several processes, and leave a file that says which one of how many."

import sys
from pathlib import Path

from gan_augmentation.augment.candidates import workers
from gan_augmentation.cli import main

code = main(sys.argv[1:])
team = workers()
Path(f"{sys.argv[-1]} {team.process_index} of {team.num_processes}").touch()
sys.exit(code)
