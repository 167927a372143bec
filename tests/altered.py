"Files that a test alters, so that they are as if they had been written so: seals and manifests fit."

import json
from pathlib import Path

from gan_augmentation.core.files import file_sha256
from gan_augmentation.core.seals import MANIFEST, SEAL, load_json, save_record

def change(path: Path, **values):
    "Change a JSON file; a name such as data__n lies deeper."
    record = json.loads(path.read_text())
    is_sealed = record.pop(SEAL, None) is not None
    for name, value in values.items():
        *above, last = name.split("__")
        inner = record
        for key in above:
            inner = inner[key]
        inner[last] = value
    if is_sealed:
        save_record(path, record)
    else:
        path.write_text(json.dumps(record))
    renew_manifests(path)


def renew_manifests(path: Path):
    "Have the manifests of the directories that a file lies in name what it is now, if they name it."
    for folder in path.parents[:3]:
        manifest = folder / MANIFEST
        if manifest.is_file() and manifest != path:
            listed = load_json(manifest)
            for changed in (path, path.parent / MANIFEST):
                name = changed.relative_to(folder).as_posix()
                if name in listed:
                    listed[name] = file_sha256(changed)
            save_record(manifest, listed)


def unfinish(run: Path):
    "Make a finished run look as if it had been killed before its results were sealed."
    for name in (MANIFEST, "metrics.json"):
        (run / name).unlink(missing_ok=True)
