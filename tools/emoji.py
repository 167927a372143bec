"""Make the folder of colour pictures that the tutorials use, nbs/stored/emoji.zip, from Google's Noto Emoji.

    npm pack emoji-datasource-google@16.0.0 && tar xzf emoji-datasource-google-16.0.0.tgz
    python tools/emoji.py package

Noto Emoji's pictures are under the Apache licence 2.0 (https://github.com/googlefonts/noto-emoji).
"""
import json
import sys
import zipfile
from io import BytesIO
from pathlib import Path

from PIL import Image

TO = Path(__file__).resolve().parent.parent/"nbs/stored/emoji.zip"
SIDE = 32  # pixels
MADE = 2024, 1, 1, 0, 0, 0  # the time in the archive, so that the same pictures give the same file
CLASSES = {  # class -> the beginnings of Unicode's subcategories
    "animal": ["animal-"],
    "clothing": ["clothing"],
    "face": ["face-", "cat-face", "monkey-face"],
    "flag": ["country-flag"],
    "food": ["food-", "drink"],
    "person": ["person-role", "person-sport", "person-fantasy"],
    "vehicle": ["transport-ground", "transport-air", "transport-water"],
}
NO_VEHICLES = (
    *("sign", "light", "fuel", "barrier", "wheel", "anchor"),
    *("ring buoy", "drum", "construction", "station", "seat", "track"),
)


def class_of(entry: dict) -> str:
    "Return the class of an emoji, or nothing."
    for name, beginnings in CLASSES.items():
        if any(entry["subcategory"].startswith(beginning) for beginning in beginnings):
            return name
    return ""


def is_wanted(entry: dict) -> bool:
    "Tell whether there is a picture of one of the classes: a sign beside the road is no vehicle."
    name = (entry["name"] or entry["short_name"]).lower()
    is_sign = class_of(entry) == "vehicle" and any(word in name for word in NO_VEHICLES)
    return entry["has_img_google"] and class_of(entry) and not is_sign


def png(path: Path) -> bytes:
    "Draw a picture small, on white."
    picture = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    small = Image.alpha_composite(ground, picture).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "png", optimize=True)
    return file.getvalue()


def main(package: Path):
    "Write the archive."
    entries = json.loads((package/"emoji.json").read_text(encoding="utf-8"))
    wanted = [entry for entry in entries if is_wanted(entry)]
    pictures = {f"{class_of(e)}/{e['short_name']}.png": package/"img/google/64"/e["image"] for e in wanted}
    with zipfile.ZipFile(TO, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(pictures):
            archive.writestr(zipfile.ZipInfo(name, MADE), png(pictures[name]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
