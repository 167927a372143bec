"""Works that are killed at any file operation, and gone on with: `python killing.py PLACE JSON`.

One process has loaded everything. It does each work once, undisturbed; whenever something on disk is about to
change, it copies the directory: this is what a kill at that moment leaves. From every copy, a child goes on, and is
killed, or finds the disk full; another goes on to the end. What it came to must be what the undisturbed work came to.
"""

import errno
import json
import os
import re
import shutil
import signal
import sys
import traceback
from pathlib import Path

from small_works import WORKS, found, gan_augment, leftovers, make_inputs

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
LONGEST = 120  # seconds that a work may take


class Operations:
    "Tells a function of every file operation under a directory, before it is done."

    def __init__(self):
        self.root, self.tell = None, None
        self.fsync = os.fsync
        os.fsync = self.see_fsync
        sys.addaudithook(self.see)

    def watch(self, root, tell):
        "Begin to tell `tell(event, path)`; None: tell nobody."
        self.root, self.tell = str(root), tell

    def see(self, event: str, args: tuple):
        if self.tell is not None:
            path = changed_path(event, args)
            if path is not None and path.startswith(self.root):
                self.told(event, path)

    def see_fsync(self, fd):
        if self.tell is not None:
            path = path_of(fd if isinstance(fd, int) else fd.fileno())
            if path.startswith(self.root):
                self.told("os.fsync", path)
        return self.fsync(fd)

    def told(self, event, path):
        "What the function does to files itself is not told."
        tell, self.tell = self.tell, None
        try:
            tell(event, path)
        finally:
            self.tell = tell


def changed_path(event: str, args: tuple):
    "Find the file or directory that an operation changes; None: it changes nothing."
    if event == "open":
        path, mode, flags = args
        reads = not set(mode or "") & set("wax+") and not (flags or 0) & WRITES
        return None if reads or isinstance(path, int) else os.path.abspath(os.fsdecode(path))
    if event not in CHANGES:
        return None
    path, folder = args[0], args[-1]
    if isinstance(path, int):
        return path_of(path)
    path = os.fsdecode(path)
    inside = event in ("os.remove", "os.rmdir", "os.mkdir") and isinstance(folder, int) and folder >= 0
    return os.path.join(path_of(folder), path) if inside else os.path.abspath(path)


def path_of(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}")


# what a kill leaves


class Moments:
    "Copies of a directory at moments at which something had changed: what a kill leaves."

    def __init__(self, out: Path, copies: Path, every: int = 1):
        self.out, self.copies, self.every = out, copies, every
        self.n_told, self.n_changed, self.before, self.written = 0, 0, None, None
        self.said = []  # what was about to be done at each of them

    def __call__(self, event, path):
        self.n_told += 1
        now = signature(self.out)
        if now != self.before:
            self.before = now
            self.n_changed += 1
            if self.n_changed % self.every == 0:
                self.keep(event, path)
        self.written = path if event == "open" else None

    def keep(self, event, path):
        "Copy the directory; a file that is not yet safe on disk is cut in half."
        copy = self.copies / str(len(self.said))
        shutil.copytree(self.out, copy, symlinks=True)
        torn = path if event == "os.fsync" else self.written
        if torn is not None and (file := copy / Path(torn).relative_to(self.out)).is_file():
            os.truncate(file, file.stat().st_size // 2)
        self.said.append(f"{self.n_told}: {event} {Path(path).relative_to(self.out)}")


def signature(out: Path) -> list:
    "Say what lies in a directory; names that are made up anew each time are one."
    names = []
    for folder, folders, files in os.walk(out):
        for name in folders:
            names.append(os.path.join(folder, name))
        for name in files:
            path = os.path.join(folder, name)
            about = os.lstat(path)
            names.append((re.sub(r"\.[0-9a-f]{8}\.", ".", path), about.st_size, about.st_mtime_ns))
    return sorted(map(str, names))


# children


def in_child(do) -> str:  # what went wrong; "killed"; or nothing
    "Do something in a copy of this process."
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        signal.alarm(LONGEST)
        said = ""
        try:
            do()
        except BaseException:
            said = traceback.format_exc()
        os.write(into, said.encode()[-60_000:])
        os._exit(0)
    os.close(into)
    with open(out, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status) == signal.SIGKILL
        return "killed" if killed else f"ended by signal {os.WTERMSIG(status)}"
    return said


def kill_at(n: int):
    "Make a function that kills this process at the n-th operation that it is told of."
    left = n

    def tell(event, path):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return tell


def full_from(n: int):
    "Make a function by which nothing can be written any more, from the n-th operation on."
    left = n

    def tell(event, path):
        nonlocal left
        left -= event in ("open", "os.mkdir", "os.fsync")
        if left <= 0 and event in ("open", "os.mkdir", "os.fsync"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    return tell


# a work, killed everywhere


class Killing:
    "Kills one work at many moments; `full set`: lets it find the disk full."

    def __init__(self, name: str, place: Path, inputs: Path, operations: Operations):
        self.work, self.operations = WORKS[name.removeprefix("full ")], operations
        self.full = name.startswith("full ")
        self.inputs, self.out, self.copies = inputs, place / name / "out", place / name / "copies"

    def undisturbed(self, every: int):
        "Do the work once, and keep what kills would leave."
        self.out.mkdir(parents=True)
        self.prepare()
        moments = Moments(self.out, self.copies, every)
        self.operations.watch(self.out, moments)
        self.work.go(self.inputs, self.out)
        self.operations.watch(None, None)
        self.found = found(self.out)
        assert not leftovers(self.out), leftovers(self.out)
        shutil.rmtree(self.out)
        return moments.said

    def prepare(self):
        if self.work.begins_with is not None:
            shutil.copytree(self.inputs / self.work.begins_with, self.out, dirs_exist_ok=True)

    def go_on(self, number: int) -> str:  # what went wrong
        "Go on from a moment: killed once more, and then to the end; what went wrong is kept to be looked at."
        (self.copies / str(number)).rename(self.out)
        second = 1 + number * 7 % 23
        wrong = in_child(lambda: self.starved(second) if self.full else self.killed_again(second))
        how = f"killed again at {second}" if wrong == "killed" else "gone on with"
        if wrong in ("", "killed"):
            wrong = in_child(self.to_the_end)
        if wrong:
            self.out.rename(self.copies / f"wrong {number}")
            return f"{how}: {wrong}"
        shutil.rmtree(self.out)
        return ""

    def killed_again(self, n: int):
        self.operations.watch(self.out, kill_at(n))
        self.work.go(self.inputs, self.out)

    def starved(self, n: int):
        self.operations.watch(self.out, full_from(n))
        code, said = self.work.attempt(self.inputs, self.out)
        self.operations.watch(None, None)
        last = said.strip().splitlines()[-1] if said.strip() else ""
        if code != 0:
            one_line = code in (1, 2) and "Traceback" not in said and last.startswith("gan-augment: ")
            named = str(self.out) in last and "o space left on device" in last
            assert one_line and named, f"exit code {code}, disk full from operation {n}: {said}"

    def to_the_end(self):
        self.work.go(self.inputs, self.out)
        if self.work.resumed:
            code, said = gan_augment("runs", "--results", self.out)
            assert code == 0 and said.count("finished") == 1, said
        same(found(self.out), self.found)
        assert not leftovers(self.out), f"left: {leftovers(self.out)}"


def same(one: dict, other: dict):
    "Compare what two works came to."
    names = {name for name in {*one, *other} if one.get(name) != other.get(name)}
    assert not names, "other results: " + "; ".join(f"{n}: {one.get(n)} {other.get(n)}"[:600] for n in sorted(names))


def kill_everywhere(place: Path, asked: dict):
    "Kill works, and print what went wrong: {work: every how many-th change}."
    inputs, operations = place / "inputs", Operations()
    make_inputs(inputs)
    for name, every in asked.items():
        killing = Killing(name, place, inputs, operations)
        said = killing.undisturbed(every)
        wrong = {}
        for number, moment in enumerate(said):
            if problem := killing.go_on(number):
                wrong[moment] = problem
        print(json.dumps(dict(work=name, moments=len(said), wrong=wrong)), flush=True)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    kill_everywhere(Path(sys.argv[1]), json.loads(sys.argv[2]))
