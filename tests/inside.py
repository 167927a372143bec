"Run the program in this process: all that `gan-augment` does, without waiting for its imports."

import io
from contextlib import chdir, redirect_stderr, redirect_stdout
from types import SimpleNamespace

from gan_augmentation import cli

def run_inside(*words, folder="."):
    "Run `gan-augment` in a folder; return what a finished process has: returncode, stdout, stderr."
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = cli.main([str(word) for word in words])
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())
