"Run a function of a test file in a process of its own: `python elsewhere.py MODULE FUNCTION ARGUMENTS`."

import importlib
import json
import os
import subprocess
import sys

def start(function, *args, **kwargs) -> subprocess.Popen:
    "Start a function of a module in tests/; its arguments are such as JSON can hold."
    command = [sys.executable, "-W", "ignore", __file__, function.__module__, function.__name__]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*command, json.dumps(args)], env=env, text=True, **kwargs)


def printed_by(function, *args) -> str:
    "Run a function to its end, and return what it printed."
    with start(function, *args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out


if __name__ == "__main__":
    module, name, args = sys.argv[1:]
    getattr(importlib.import_module(module), name)(*json.loads(args))
