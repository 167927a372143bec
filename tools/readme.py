"Write README.md from nbs/index.ipynb: its prose, its shown code, and what the code answers."

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def shown(cell: dict) -> list:
    "List what a reader sees of a cell: its text, or its code and its output."
    text = "".join(cell["source"]).strip()
    if not text or "#| hide" in text:
        return []
    if cell["cell_type"] != "code":
        return [text]
    parts = []
    if "#| echo: false" not in text:
        parts.append("```python\n" + re.sub(r"^#\|.*\n", "", text, flags=re.M) + "\n```")
    for data in (o["data"] for o in cell["outputs"] if "data" in o):
        if "text/markdown" in data:
            parts.append("".join(data["text/markdown"]))
        else:
            parts.append("```\n" + "".join(data["text/plain"]).strip() + "\n```")
    return parts


def readme() -> str:
    "Join the cells of the index notebook, with links that work from the top of the repository."
    cells = json.loads((ROOT / "nbs/index.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(part for cell in cells for part in shown(cell)) + "\n"
    text = re.sub(r"\]\((?!http|#)([\w/]+\.(?:ipynb|png|json)(?:#[\w-]+)?)\)", r"](nbs/\1)", text)
    return "<!-- Written by tools/readme.py from nbs/index.ipynb: edit that. -->\n\n" + text


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
