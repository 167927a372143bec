"""Draw the picture that social networks show beside a link to the site: nbs/site/card.png, from a stored picture.

    python tools/card.py
"""
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT/"nbs/images/real_and_generated.png"  # ten rows, one a class; five real images, then five of a DCGAN
CARD = ROOT/"nbs/site/card.png"
SIZE = 1200, 630
GROUND, INK, SOFT = "#0b3a66", "#ffffff", "#c9d8e6"
LEFT, STEP, DOWN, SIDE = 80, 60, 68, 56  # pixels of the stored picture: of its titles, to the next image, of an image
CLASSES = 0, 1, 2, 4, 3, 7, 8, 9
WORDS = "Does adding generated images to a training set", "make an image classifier better?"


def image(stored: Image.Image, row: int, column: int, side: int) -> Image.Image:
    "Cut one image out of the stored picture, where each of its 28 pixels is two wide, and enlarge it."
    x, y = LEFT + column*STEP, row*DOWN
    small = stored.crop((x, y, x + SIDE, y + SIDE)).resize((28, 28), Image.Resampling.NEAREST)
    return small.resize((side, side), Image.Resampling.NEAREST)


def card() -> Image.Image:
    "Write the name and the question above a row of real images and a row of generated ones."
    page = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(page)
    draw.text((60, 40), "gan_augmentation", INK, ImageFont.load_default(72))
    for i, line in enumerate(WORDS):
        draw.text((62, 138 + 44*i), line, SOFT, ImageFont.load_default(34))
    stored = Image.open(STORED).convert("RGB")
    for title, column, y in (("real", 1, 262), ("generated", 6, 446)):
        draw.text((62, y), title, SOFT, ImageFont.load_default(26))
        for i, row in enumerate(CLASSES):
            page.paste(image(stored, row, column, 112), (62 + i*138, y + 38))
    return page


if __name__ == "__main__":
    card().save(CARD, optimize=True)
