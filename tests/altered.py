"Files that a test alters."

import json
from pathlib import Path

def change(path: Path, **values):
    "Change a JSON file; a name such as data__n lies deeper."
    record = json.loads(path.read_text())
    for name, value in values.items():
        *above, last = name.split("__")
        inner = record
        for key in above:
            inner = inner[key]
        inner[last] = value
    path.write_text(json.dumps(record))
