"""The web page, in Debian's Chromium: what it says is what ONNX Runtime says in Python, by mouse, by keyboard, on a
phone, without a network, and whatever people drop on it. Screenshots of the last run lie in tests/output."""

import io
import json
import random
import re
import shutil
from pathlib import Path

import handmade
import numpy as np
import onnxruntime
import pytest
from browser import MISSING, OUTPUT, Tab, player, served
from PIL import Image

from gan_augmentation.data import ImageDataset
from gan_augmentation.data.config import Reading
from gan_augmentation.data.reading import fit_images
from gan_augmentation.export import OnnxClassifier
from gan_augmentation.export.runtime import read_about
from gan_augmentation.export.web import WASM, WEBGPU, build_page, fetch_runtime, page_files

NAMES = ["cat", "<b>dog</b>", "<img src=x onerror=alert(1)>", "a'b\"c & d", "Ω ≠ ω"]
MANY = NAMES + [f"class number {i} with a rather long name" for i in range(35)]
COLOUR = (3, 64, 64)
GREY = (1, 28, 28)
WIDTHS = 360, 800, 1300


@pytest.fixture(scope="module")
def runtime():
    "npm's package, from the cache or from npm."
    try:
        return fetch_runtime()
    except FileNotFoundError as e:
        pytest.skip(f"the page is not tested in a browser: {e}")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    "Models of every kind that a page may have."
    folder = tmp_path_factory.mktemp("models")
    clothes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"]
    clothes += ["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    crop = dict(resize=64, fit="crop", channels=3, depth=16, ground="#336699")
    return dict(
        classifier=handmade.classifier(folder / "a.onnx", clothes, GREY),
        gan=handmade.generator(folder / "b.onnx", clothes, GREY),
        diffusion=handmade.generator(
            folder / "c.onnx", clothes, GREY, fresh=2, guidance=True, steps=12, name="linear diffusion"
        ),
        own=handmade.classifier(folder / "d.onnx", MANY, COLOUR, crop),
        own_gan=handmade.generator(folder / "e.onnx", MANY, COLOUR),
    )


@pytest.fixture(scope="module")
def own_images():
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (2 * len(MANY), *COLOUR)).astype(np.uint8)
    return ImageDataset(images, [i // 2 for i in range(len(images))], MANY, name="own")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, models, own_images, data, runtime):
    "Three pages, each in a folder below the one that is served."
    top = tmp_path_factory.mktemp("served")
    build = dict(runtime=runtime)
    clothes = [models["gan"], models["diffusion"]]
    build_page(top / "some/path", models["classifier"], clothes, data.test, **build)
    build_page(top / "own", models["own"], [models["own_gan"]], own_images, webgpu=False, **build)
    build_page(top / "gan", None, models["own_gan"], webgpu=False, **build)
    return top


@pytest.fixture(scope="module")
def address(folder):
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def launch(folder):
    if shutil.which("chromium") is None:
        pytest.skip(MISSING)
    with player() as launch:
        yield launch


@pytest.fixture(scope="module")
def browser(launch):
    with launch() as browser:
        yield browser


@pytest.fixture(scope="module")
def shared(browser, address):
    "The page of clothes, with its models loaded, in a tab that the tests share."
    tab = Tab(browser, address + "some/path/", viewport=dict(width=1300, height=900))
    tab.until("demo.ready")
    yield tab
    tab.close()


@pytest.fixture
def tab(shared, address):
    "The shared tab; a test that uses it leaves no error in the console, and asks nobody else for anything."
    shared.said.clear()
    shared.page.click("#tab-classify")
    yield shared
    assert shared.said == []
    assert all(url.startswith((address, "blob:" + address)) for url in shared.asked)


def png(pixels) -> bytes:
    "Write an array as a PNG file."
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def file(name, content, kind="image/png"):
    "A file, as Playwright takes it."
    return dict(name=name, mimeType=kind, buffer=content)


def choose(tab, *files):
    return lambda: tab.page.set_input_files("#file", list(files))


def drop(tab, *files):
    return lambda: tab.paste("drop", *([f["name"], f["mimeType"], [*f["buffer"]]] for f in files))


STORED = Path(__file__).parent.parent / "nbs/stored/web"


@pytest.fixture(scope="module")
def shipped(browser, runtime, data, tmp_path_factory):
    "The project's own page, as `make web` builds it: a tab with its models loaded."
    page = tmp_path_factory.mktemp("shipped") / "page"
    generators = [STORED / "gan.onnx", STORED / "diffusion.onnx"]
    build_page(page, STORED / "classifier.onnx", generators, data.test, runtime=runtime)
    with served(page) as address:
        tab = Tab(browser, address, viewport=dict(width=1300, height=900))
        tab.until("demo.ready")
        yield tab
        tab.close()


def wordings(text):
    return re.sub(r"\s+", " ", text).strip()


# What is written


def test_a_page_is_complete_and_says_what_its_models_say(folder, models):
    page = folder / "some/path"
    said = json.loads((page / "models.json").read_text(encoding="utf-8"))
    names = ["classifier", "gan", "diffusion"]
    for name, model in zip(names, said["models"], strict=True):
        assert model["about"] == read_about(models[name])
        assert (page / model["file"]).read_bytes() == models[name].read_bytes()
    assert {p.name for p in (page / "runtime").iterdir()} == {*WASM, *WEBGPU}
    assert {p.name for p in (folder / "own/runtime").iterdir()} == set(WASM)
    assert {p.name for p in page_files()} <= {p.name for p in page.iterdir()}


def test_a_page_takes_the_place_of_a_page_and_of_nothing_else(folder, models, runtime, tmp_path):
    gan = models["own_gan"]
    shutil.copytree(folder / "gan", tmp_path / "page")
    build_page(tmp_path / "page", None, gan, webgpu=False, runtime=runtime, title="Second")
    assert '"Second"' in (tmp_path / "page/models.json").read_text(encoding="utf-8")
    (tmp_path / "page/notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="notes.txt, which is of no page"):
        build_page(tmp_path / "page", None, gan, webgpu=False, runtime=runtime)
    with pytest.raises(ValueError, match="is a generator, not a classifier: give it among generators"):
        build_page(tmp_path / "new", gan, runtime=runtime)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page"]


# Classifying


def test_an_example_is_classified_as_in_python(tab, data, models):
    found = tab.classified(lambda: tab.page.locator("#examples input").nth(5).check())
    label = 5 // 2
    image = data.test.images[data.test.labels == label][5 % 2 : 5 % 2 + 1].numpy()
    np.testing.assert_array_equal(np.array(found["images"], np.uint8), image.ravel())
    expected = OnnxClassifier(models["classifier"]).predict(image)[0]
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)
    best = data.test.classes[int(expected.argmax())]
    assert tab.text("#answer") == f"{best}, {100 * expected.max():.1f} %"
    names = tab.page.locator("#bars .name").all_inner_texts()
    assert names == [data.test.classes[i] for i in np.argsort(-expected)]
    assert f"labelled “{data.test.classes[label]}”" in tab.text("#classify-note")


@pytest.mark.parametrize("way", ["chosen", "dropped", "pasted"])
def test_a_file_is_classified_as_in_python(tab, data, models, way):
    image = data.test.images[17:18].numpy()
    picture = file("picture.png", png(image[0, 0]))
    kind = dict(dropped="drop", pasted="paste").get(way)
    handed = (picture["name"], picture["mimeType"], [*picture["buffer"]])
    act = choose(tab, picture) if kind is None else lambda: tab.paste(kind, handed)
    found = tab.classified(act)
    expected = OnnxClassifier(models["classifier"]).predict(image)[0]
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)


def test_invert_swaps_dark_and_light(tab):
    plain = tab.classified(lambda: tab.page.locator("#examples input").nth(0).check())
    other = tab.classified(lambda: tab.page.check("#invert"))
    assert [255 - x for x in plain["images"]] == other["images"]
    assert tab.classified(lambda: tab.page.uncheck("#invert")) == plain


def test_a_drawing_is_classified(tab):
    box = tab.page.locator("#draw").bounding_box()
    x, y, mouse = box["x"] + box["width"] / 2, box["y"], tab.page.mouse

    def draw():
        mouse.move(x, y + 20)
        mouse.down()
        mouse.move(x, y + 150, steps=4)
        mouse.up()

    image = np.array(tab.classified(draw)["images"]).reshape(28, 28)
    assert image[10, 14] == 255 and image[10, 1] == 0 and image[27, 14] == 0
    tab.page.click("#clear")


def pictures():
    "Pictures of many kinds, as files."
    rng = np.random.default_rng(3)
    photo = np.kron(rng.integers(60, 196, (25, 36, 3)), np.ones((7, 5, 1))).astype(np.uint8)
    clear = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    clear[:, :40, 3] = 0
    return dict(wide=photo, tall=photo.transpose(1, 0, 2)[:, :101], tiny=photo[:5, :3], grey=photo[..., 0], clear=clear)


@pytest.mark.parametrize("name", pictures())
def test_pictures_become_the_pixels_that_pillow_makes_to_one_grey_level(tab, name):
    content = png(pictures()[name])
    wanted = [(fit, shape) for fit in ("pad", "crop", "stretch") for shape in (GREY, (3, 20, 31))]
    found = tab.page.evaluate(FITTED, [[*content], wanted, "#336699"])
    for (fit, shape), pixels in zip(wanted, found, strict=True):
        reading = Reading(fit=fit, ground="#336699")
        expected = fit_images([content], shape, fit, reading=reading).numpy().ravel()
        far = np.abs(np.array(pixels) - expected.astype(int)).max()
        assert far <= 1, (fit, shape, far)  # Pillow chooses which side it resizes first


FITTED = """async ([bytes, wanted, ground]) => {
  const { readPicture, fitPicture } = await import(document.baseURI + "pictures.js");
  const { rgba } = await readPicture(new Blob([new Uint8Array(bytes)]), "x.png");
  return wanted.map(([fit, shape]) => Array.from(fitPicture(rgba, shape, { fit, ground }, false)));
}"""


# Generating


TYPES = dict(noise=np.float32, labels=np.int64, fresh=np.float32, guidance=np.float32)


def same_images(model, parts):
    "Images of the page and of Python differ by one grey level at most, and by less than 1e-3 of the range on average."
    session = onnxruntime.InferenceSession(model)
    for part in parts:
        feeds = {
            name: np.array(x["data"], TYPES[name]).reshape(x["dims"]) for name, x in part["feeds"].items()
        }
        expected = session.run(["images"], feeds)[0].ravel().astype(int)
        far = np.abs(np.array(part["images"]) - expected)
        assert far.max() <= 1 and far.mean() < 255 * 1e-3


def test_images_of_every_class_are_those_of_python(tab, models, data):
    tab.page.click("#tab-generate")
    tab.page.locator("#models input").nth(0).check()
    found = [tab.generated(lambda: tab.page.click("#go"))]
    for i in range(1, 10):
        found.append(tab.generated(lambda i=i: tab.page.locator("#classes input").nth(i).check()))
    for label, parts in enumerate(found):
        assert set(parts[0]["feeds"]["labels"]["data"]) == {label}
        same_images(models["gan"], parts)
    assert len({tuple(parts[0]["images"]) for parts in found}) == 10
    assert "16 images of Ankle boot" in tab.text("#generated")


def test_truncation_bounds_the_noise_and_a_seed_repeats(tab):
    tab.page.click("#tab-generate")
    tab.page.locator("#models input").nth(0).check()
    first = tab.generated(lambda: tab.page.click("#go"))
    assert max(map(abs, first[0]["feeds"]["noise"]["data"])) > 1.5
    low = tab.generated(lambda: tab.page.fill("#slider", "0.5"))
    assert 0.45 < max(map(abs, low[0]["feeds"]["noise"]["data"])) <= 0.5
    assert tab.generated(lambda: tab.page.fill("#slider", "3")) == first
    other = tab.generated(lambda: (tab.page.fill("#seed", "7"), tab.page.press("#seed", "Enter")))
    assert other != first
    tab.page.fill("#seed", "0")
    assert tab.generated(lambda: tab.page.click("#go")) == first


def test_many_steps_show_their_progress_and_are_those_of_python(tab, models):
    tab.page.click("#tab-generate")
    tab.page.locator("#models input").nth(1).check()
    assert tab.text("#slider-name") == "Guidance"
    parts = tab.generated(lambda: tab.page.click("#go"))
    assert len(parts) == 8 and {len(p["images"]) for p in parts} == {2 * 784}
    assert parts[0]["feeds"]["fresh"]["dims"] == [2, 2, 8]
    same_images(models["diffusion"], parts)
    assert len({tuple(p["feeds"]["noise"]["data"]) for p in parts}) == 8
    stronger = tab.generated(lambda: (tab.page.fill("#slider", "4"), tab.page.click("#go")))
    assert stronger[0]["feeds"]["guidance"]["data"] == [4] and stronger[0]["images"] != parts[0]["images"]


def test_a_generated_image_can_be_classified_and_the_grid_saved(tab, tmp_path):
    tab.page.click("#tab-generate")
    tab.page.locator("#models input").nth(0).check()
    parts = tab.generated(lambda: tab.page.click("#go"))
    with tab.page.expect_download() as download:
        tab.page.click("#save")
    assert download.value.suggested_filename == "linear-GAN-T-shirt-top-seed-0.png"
    with Image.open(download.value.path()) as im:
        assert im.size == (448, 448)
        corner = np.asarray(im.convert("L"))[: 28 * 4 : 4, 28 * 4 : 28 * 8 : 4]
    np.testing.assert_array_equal(corner.ravel(), parts[0]["images"][784 : 2 * 784])
    found = tab.classified(lambda: tab.page.locator("#grid button").nth(1).click())
    assert found["images"] == parts[0]["images"][784 : 2 * 784]
    assert tab.page.get_attribute("#tab-classify", "aria-selected") == "true"


def xoshiro128(state, n):
    "The algorithm as its authors publish it, in whole numbers of Python."
    s, out = list(state), []

    def turn(x, k):
        return ((x << k) | (x >> (32 - k))) % 2**32

    for _ in range(n):
        out.append(turn(s[1] * 5 % 2**32, 7) * 9 % 2**32)
        t = (s[1] << 9) % 2**32
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turn(s[3], 11)
    return out


def test_the_page_draws_with_xoshiro_and_its_numbers_are_normal(tab):
    state = [random.Random(i).getrandbits(32) for i in range(4)]
    found = tab.page.evaluate(
        """async (state) => {
        const noise = await import(document.baseURI + "noise.js");
        const s = new Uint32Array(state);
        const bits = Array.from({ length: 50 }, () => noise.nextBits(s));
        const numbers = (first, n, seed = 5) => Array.from(noise.imageNoise(seed, first, n, 1000));
        return { bits, all: numbers(0, 50), some: numbers(7, 2), big: numbers(0, 1, 5 + 2 ** 32) };
    }""",
        state,
    )
    assert found["bits"] == xoshiro128(state, 50)
    x = np.array(found["all"]).reshape(50, 1000)
    np.testing.assert_array_equal(x[7:9].ravel(), found["some"])  # image 7 is image 7
    assert abs(x.mean()) < 0.02 and abs(x.std() - 1) < 0.02 and abs((x**4).mean() - 3) < 0.15
    correlation = np.corrcoef(x) - np.eye(50)
    assert np.abs(correlation).max() < 0.2
    assert found["big"] != found["all"][:1000]


# Wherever, however


def test_it_works_when_the_network_is_gone(browser, address, models):
    tab = Tab(browser, address + "some/path/")
    tab.until("demo.ready")
    tab.context.set_offline(True)
    asked = len(tab.asked)
    tab.classified(choose(tab, file("x.png", png(np.eye(28, dtype=np.uint8) * 255))))
    tab.page.click("#tab-generate")
    same_images(models["gan"], tab.generated(lambda: tab.page.click("#go")))
    tab.page.locator("#models input").nth(1).check()
    tab.generated(lambda: tab.page.click("#go"))
    assert all(url.startswith("blob:") for url in tab.asked[asked:]) and tab.said == []
    tab.close()


def look(tab, name):
    "Take a screenshot, and make sure that nothing reaches over the right edge."
    OUTPUT.mkdir(exist_ok=True)
    tab.page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)
    wide = tab.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, f"{name} is {wide} pixels too wide; see {OUTPUT / name}.png"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_too_wide_by_day_and_night(tab, width):
    tab.page.set_viewport_size(dict(width=width, height=900))
    tab.classified(lambda: tab.page.locator("#examples input").nth(1 + WIDTHS.index(width)).check())
    for scheme in ("light", "dark"):
        tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        tab.page.click("#tab-classify")
        look(tab, f"classify_{width}_{scheme}")
        tab.page.click("#tab-generate")
        tab.generated(lambda: tab.page.click("#go"))
        look(tab, f"generate_{width}_{scheme}")
    tab.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    tab.page.set_viewport_size(dict(width=1300, height=900))


def test_everything_can_be_reached_and_used_by_keyboard(tab):
    press = tab.page.keyboard.press
    tab.page.focus("#tab-classify")
    press("ArrowRight")
    assert tab.page.is_visible("#generate") and tab.value("document.activeElement.id") == "tab-generate"
    press("ArrowLeft")
    press("Tab")
    tab.classified(lambda: press("ArrowRight"))
    reached = []
    for _ in range(5):
        press("Tab")
        reached.append(tab.value("document.activeElement.id"))
        assert tab.value("document.activeElement.matches(':focus-visible')")
    assert reached[:-1] == ["invert", "file", "brush", "clear"]
    tab.page.focus("#invert")
    tab.classified(lambda: press("Space"))
    tab.classified(lambda: press("Space"))
    tab.page.focus("#tab-generate")
    press("Enter")
    press("Tab")  # the model
    press("Tab")  # the class
    tab.generated(lambda: press("ArrowDown"))
    press("Tab")
    tab.generated(lambda: press("ArrowLeft"))
    assert tab.text("#slider-value") == "2.9"
    tab.generated(lambda: press("ArrowRight"))


def test_everything_has_a_name_for_screen_readers(tab):
    nameless = tab.value(
        """[...document.querySelectorAll("button, input, canvas, img, progress, ol")].filter((e) => !(
        e.ariaLabel || e.alt || e.labels?.length || e.textContent.trim()
        || e.closest("button, label, details, [aria-hidden=true]"))).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    assert tab.page.get_attribute("#answer", "aria-live") == "polite"


def test_ones_own_colour_images_and_odd_names_work(browser, address, models, own_images):
    tab = Tab(browser, address + "own/", viewport=dict(width=360, height=800))
    found = tab.classified(lambda: tab.page.locator("#examples input").nth(2).check())
    image = own_images.images[2:3].numpy()
    np.testing.assert_array_equal(np.array(found["images"], np.uint8), image.ravel())
    np.testing.assert_allclose(found["probabilities"], OnnxClassifier(models["own"]).predict(image)[0], atol=1e-3)
    assert "labelled “<b>dog</b>”" in tab.text("#classify-note")
    assert tab.page.locator("#more li").count() == 30
    look(tab, "own_classify_360")
    tab.page.click("#tab-generate")
    assert wordings(tab.page.locator("#classes label").nth(2).inner_text()) == NAMES[2]
    parts = tab.generated(lambda: tab.page.locator("#classes input").nth(2).check())
    same_images(models["own_gan"], parts)
    look(tab, "own_generate_360")
    assert tab.page.locator("main b, main img[src=x]").count() == 0 and tab.said == []
    tab.close()


def test_the_page_says_what_its_models_are(tab):
    tab.page.click("#classify .about summary")
    about = wordings(tab.text("#classify .about dl"))
    assert "Trained on own, 1,234 images" in about and "28 × 28 pixels, grey; 10 classes" in about
    assert "Accuracy on test images 90.0 % (95 % interval 88.0 to 91.5 %)" in about
    tab.page.click("#classify .about summary")


def test_a_smaller_file_has_an_accuracy_of_its_own(tab):
    script = """async (metrics) => {
      const { showAbout } = await import("./models.js");
      const list = document.createElement("dl");
      showAbout(list, { name: "a", classes: ["a"], shape: [1, 2, 2], metrics });
      return list.textContent;
    }"""
    test = dict(accuracy=0.9, accuracy_interval=[0.88, 0.915])
    small = dict(before=0.9, after=0.855, after_interval=[0.84, 0.87], n=10000, bytes_before=5)
    said = tab.page.evaluate(script, dict(test=test, quantized=small))
    assert "85.5 % (95 % interval 84.0 to 87.0 %; 10,000 images)" in said and "90.0" not in said
    assert "90.0 % (95 % interval 88.0 to 91.5 %)" in tab.page.evaluate(script, dict(test=test, quantized={}))
    assert "Accuracy" not in tab.page.evaluate(script, dict(quantized=dict(grey_levels=dict(mean=1))))


def test_a_page_with_a_generator_alone_has_no_tabs(browser, address):
    tab = Tab(browser, address + "gan/")
    tab.page.locator("#generate").wait_for()
    assert not tab.page.is_visible("#tabs") and not tab.page.is_visible("#classify")
    assert tab.page.locator("#grid canvas").count() == 16 and tab.said == []
    tab.close()


# The project's own page


def test_a_trained_diffusion_model_shows_its_progress_and_can_be_stopped(shipped):
    shipped.page.click("#tab-generate")
    shipped.page.locator("#models input").nth(1).check()

    def stop_after_two():
        shipped.page.click("#go")
        shipped.until("document.querySelector('#progress').value >= 2")
        shipped.page.click("#stop")

    parts = shipped.generated(stop_after_two)
    made = 2 * len(parts)
    assert 2 <= made < 16 and shipped.text("#generated") == f"Stopped after {made} of 16 images."
    assert shipped.page.locator("#grid canvas.empty").count() == 16 - made
    assert shipped.page.is_enabled("#save") and not shipped.page.is_visible("#progress")
    same_images(STORED / "diffusion.onnx", parts)


def test_trained_models_answer_as_in_python_and_know_clothes(shipped, data):
    model = OnnxClassifier(STORED / "classifier.onnx")
    shipped.page.click("#tab-classify")
    right = 0
    for i in range(20):
        found = shipped.classified(lambda i=i: shipped.page.locator("#examples input").nth(i).check())
        image = np.array(found["images"], np.uint8).reshape(1, *GREY)
        np.testing.assert_allclose(found["probabilities"], model.predict(image)[0], atol=1e-3)
        right += int(np.argmax(found["probabilities"]) == i // 2)
    assert right >= 14
    look(shipped, "shipped_classify_1300")
    assert shipped.said == []


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["gan", "diffusion"])
def test_trained_generators_make_every_class_as_in_python(shipped, kind):
    shipped.page.click("#tab-generate")
    shipped.page.locator("#models input").nth(("gan", "diffusion").index(kind)).check()
    for i in range(10):
        shipped.page.locator("#classes input").nth(i).check()
        parts = shipped.generated(lambda: shipped.page.click("#go"))
        same_images(STORED / f"{kind}.onnx", parts)
    look(shipped, f"shipped_{kind}_1300")
    assert shipped.said == []


# Bad input

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
<script>parent.hacked = top.hacked = 1; fetch("/hacked")</script>
<rect width="9" height="9" onload="top.hacked = 1"/></svg>"""


@pytest.mark.parametrize(
    "name, kind, content, says",
    [
        ("notes.png", "image/png", b"Dear diary", "notes.png is no image that this browser can read"),
        ("empty.png", "image/png", b"", "empty.png is empty"),
        ("half.png", "image/png", png(np.eye(90, dtype=np.uint8))[:60], "half.png is no image"),
        ("evil.svg", "image/svg+xml", SVG, "evil.svg is an SVG drawing"),
        ("evil.png", "image/png", SVG, "evil.png is no image"),
        ("<b>x</b>.txt", "text/plain", b"<script>top.hacked = 1</script>", "<b>x</b>.txt is no image"),
    ],
    ids=["text", "empty", "cut off", "svg", "svg called png", "markup"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(tab, name, kind, content, says):
    assert says in tab.error("#classify-error", drop(tab, file(name, content, kind)))
    assert tab.text("#answer") == "No answer." and tab.page.locator("#bars li").count() == 0
    assert tab.value("window.hacked === undefined") and not any("hacked" in url for url in tab.asked)
    tab.classified(choose(tab, file("x.png", png(np.eye(28, dtype=np.uint8)))))
    assert not tab.page.is_visible("#classify-error")


def test_what_a_browser_cannot_keep_is_said(tab):
    deep = file("deep.png", png(np.full((28, 28), 40_000, np.uint16)))
    found = tab.classified(choose(tab, deep))
    assert set(found["images"]) == {156}
    assert "deep.png has 16 bits a channel, of which a browser keeps the upper 8" in tab.text("#classify-note")


def turned_photo() -> bytes:
    "A photo of 6 megapixels whose camera was held upright: its right half is white once it is turned."
    photo = np.zeros((2000, 3000), np.uint8)
    photo[:1000] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_photo_is_turned_as_its_camera_noted(tab):
    found = tab.classified(choose(tab, file("photo.jpg", turned_photo(), "image/jpeg")))
    image = np.array(found["images"]).reshape(28, 28)
    assert image[14, 20] > 250 and image[14, 7] < 5
    assert image[:, 0].max() == 0 and image[1, 20] > 250  # it is tall: padded on its sides


def test_ten_files_at_once_are_one_and_nine_that_are_named(tab):
    files = [file(f"{i}.png", png(np.full((28, 28), i, np.uint8))) for i in range(10)]
    assert set(tab.classified(drop(tab, *files))["images"]) == {0}
    assert "10 files were dropped; the first one, 0.png, is used." in tab.text("#classify-note")
    assert "Nothing that was dropped is a file" in tab.error("#classify-error", drop(tab))


def test_a_huge_photo_does_not_stop_the_page(tab):
    photo = np.zeros((5000, 8000), np.uint8)
    photo[:, 4000:] = 255
    tab.value("""void (() => {
        demo.gap = 0;
        let last = performance.now();
        demo.timer = setInterval(() => {
            demo.gap = Math.max(demo.gap, performance.now() - last);
            last = performance.now();
        }, 10);
    })()""")
    found = tab.classified(choose(tab, file("photo.png", png(photo))))
    image = np.array(found["images"]).reshape(28, 28)
    assert image[14, 4] == 0 and image[14, 24] == 255 and image[1, 24] == 0
    assert "photo.png has 40 megapixels and was made smaller first" in tab.text("#classify-note")
    assert tab.value("clearInterval(demo.timer), demo.gap") < 1500


@pytest.mark.parametrize("seed", ["seven", "-1", "1.5", "", "9" * 20, "<b>"])
def test_a_seed_that_is_no_number_is_refused(tab, seed):
    tab.page.click("#tab-generate")
    tab.page.fill("#seed", seed)
    said = tab.error("#seed-error", lambda: tab.page.click("#go"))
    assert f"The seed is “{seed}”. Give a whole number" in said
    assert tab.page.get_attribute("#seed", "aria-invalid") == "true"
    tab.page.fill("#seed", "0")
    tab.generated(lambda: tab.page.click("#go"))
    assert not tab.page.is_visible("#seed-error")


def test_a_browser_without_simd_is_told_so(browser, address):
    tab = Tab(
        browser,
        address + "own/",
        before=lambda page: page.add_init_script("WebAssembly.validate = () => false"),
    )
    assert "has no WebAssembly with SIMD" in tab.error("#trouble", lambda: None)
    assert not tab.page.is_visible("#main") and tab.said == []
    tab.close()


def test_a_model_that_is_not_there_is_named_and_may_come_later(browser, address):
    gone = []

    def before(page):
        page.context.route("**/classifier.onnx", lambda route: gone.append(1) or route.fulfill(status=404))

    tab = Tab(browser, address + "own/", before=before)
    says = "models/classifier.onnx could not be loaded (404)"
    assert says in tab.error("#trouble", lambda: None)
    assert says in tab.error("#classify-error", lambda: tab.page.locator("#examples input").nth(0).check())
    tab.context.unroute_all()
    tab.classified(lambda: tab.page.locator("#examples input").nth(1).check())
    tab.close()


GPU = """Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => ({ info: {} }) } });"""


def test_where_webgpu_fails_webassembly_takes_over_and_the_page_says_so(browser, address, folder):
    worker = (folder / "some/path/worker.js").read_text(encoding="utf-8")

    def before(page):
        body = GPU + worker
        page.context.route("**/worker.js", lambda r: r.fulfill(body=body, content_type="text/javascript"))

    tab = Tab(browser, address + "some/path/", before=before)
    tab.classified(lambda: tab.page.locator("#examples input").nth(0).check())
    assert any(url.endswith(WEBGPU[0]) for url in tab.asked)
    said = tab.text("#engine")
    assert said.startswith("WebGPU failed") and said.endswith("Runs on WebAssembly, 1 thread.")
    tab.close()


@pytest.mark.nightly
def test_webgpu_makes_the_same_images(launch, address, folder, models):
    worker = (folder / "some/path/worker.js").read_text(encoding="utf-8")
    body = worker.replace("!adapter.info?.isFallbackAdapter", "true")  # Chromium's own, in software, will do
    assert body != worker

    def before(page):
        page.context.route("**/worker.js", lambda r: r.fulfill(body=body, content_type="text/javascript"))

    software = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"]
    with launch(args=software) as browser:
        tab = Tab(browser, address + "some/path/", before=before)
        tab.page.click("#tab-generate")
        same_images(models["gan"], tab.generated(lambda: tab.page.click("#go")))
        tab.page.locator("#models input").nth(1).check()
        same_images(models["diffusion"], tab.generated(lambda: tab.page.click("#go")))
        assert tab.text("#engine") == "Runs on WebGPU."
