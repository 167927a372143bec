/** @file The part of the page that makes images of a class. */

import { imageNoise, readSeed } from "./noise.js";
import { drawPixels, toImageData } from "./pictures.js";
import { showAbout } from "./models.js";

const N = 16; // images
const AT_ONCE = 2; // of a diffusion model, so that there is progress to see
const UNLIMITED = 3; // right end of the slider: no truncation
const SAVED = 96; // pixels of an image's shorter side in a saved picture, at least
const byId = (id) => document.getElementById(id);

/** Tell models that make images in one go from those that take many steps. */
function isQuick({ about }) {
  return !about.sampling?.steps;
}

/** Say what the slider of a model does; null: it has none. */
export function sliderOf({ about }) {
  const guidance = about.inputs?.guidance;
  if (guidance) {
    const [low, high] = [guidance.low ?? 0, Math.min(guidance.high ?? 6, 6)];
    const help = "How strongly the class is asked for; 1: as the network learnt it.";
    return { name: "Guidance", low, high, step: 0.1, start: 1.5, help, write: (x) => x.toFixed(1) };
  }
  if (isQuick({ about }) && about.sampling?.truncation !== false) {
    const help = "Random numbers beyond it are drawn again: less variety, often better images.";
    const write = (x) => (x >= UNLIMITED ? "off" : x.toFixed(1));
    return { name: "Truncation", low: 0.3, high: UNLIMITED, step: 0.1, start: UNLIMITED, help, write };
  }
  return null;
}

export class GeneratePanel {
  /**
   * @param {{file: string, about: object}[]} models
   * @param {import("./models.js").Engine} engine
   * @param {object} demo what tests read: `demo.generated` is {file, feeds, images, seconds}
   * @param {((images: Uint8Array, model: object) => void)|null} classify takes an image that was clicked
   */
  constructor(models, engine, demo, classify) {
    Object.assign(this, { models, engine, demo, classify, turn: 0, images: [] });
    chips(document.querySelector("#models .chips"), "model", models.map(title), (i) => this.choose(models[i]));
    byId("models").hidden = models.length === 1;
    byId("wishes").addEventListener("submit", (event) => {
      event.preventDefault();
      this.generate();
    });
    byId("slider").addEventListener("input", () => this.writeSlider());
    for (const id of ["slider", "seed"]) byId(id).addEventListener("change", () => this.changed());
    byId("dice").addEventListener("click", () => {
      byId("seed").value = Math.floor(Math.random() * 10000);
      this.changed();
    });
    byId("stop").addEventListener("click", () => this.stop());
    byId("save").addEventListener("click", () => this.save());
    this.choose(models[0]);
  }

  /** Turn to another model: its classes, its slider. */
  choose(model) {
    this.stop();
    this.model = model;
    chips(document.querySelector("#classes .chips"), "class", model.about.classes, () => this.changed());
    this.slider = sliderOf(model);
    byId("strength").hidden = this.slider === null;
    if (this.slider) this.showSlider(this.slider);
    showAbout(document.querySelector("#generate .about dl"), model.about);
    this.showGrid([]);
    byId("generated").textContent = isQuick(model) ? "Pick a class." : "Pick a class, then press Generate.";
    byId("generate-error").hidden = true;
  }

  showSlider({ name, low, high, step, start, help }) {
    byId("slider-name").textContent = name;
    byId("slider-help").textContent = help;
    Object.assign(byId("slider"), { min: low, max: high, step, value: start });
    this.writeSlider();
  }

  writeSlider() {
    const text = this.slider.write(Number(byId("slider").value));
    byId("slider-value").textContent = text;
    byId("slider").setAttribute("aria-valuetext", text);
  }

  /** Make images at once where that takes no time. */
  changed() {
    if (isQuick(this.model)) this.generate();
  }

  /** Read what is wished for; raises an `Error` for a seed that is none. */
  wishes() {
    const label = Number(document.querySelector("input[name=class]:checked").value);
    const value = this.slider && Number(byId("slider").value);
    return { model: this.model, label, seed: readSeed(byId("seed").value), value };
  }

  /** Say what is wrong with the seed, or take it back. */
  markSeed(message) {
    byId("seed").setAttribute("aria-invalid", String(message !== ""));
    byId("seed-error").textContent = message;
    byId("seed-error").hidden = message === "";
  }

  async generate() {
    const turn = ++this.turn;
    let wishes;
    try {
      wishes = this.wishes();
      this.markSeed("");
    } catch (e) {
      this.markSeed(e.message);
      return;
    }
    this.begin(wishes);
    try {
      await this.makeAll(wishes, turn);
    } catch (e) {
      if (turn === this.turn) {
        byId("generate-error").textContent = e.message;
        byId("generate-error").hidden = false;
        byId("generated").textContent = "No images.";
      }
    }
    if (turn === this.turn) this.end();
  }

  begin({ model }) {
    this.images = [];
    if (!isQuick(model)) this.showGrid([]);
    byId("generate-error").hidden = true;
    byId("generated").textContent = "Computing …";
    byId("progress").value = 0;
    byId("progress").hidden = isQuick(model);
    byId("stop").disabled = isQuick(model);
    byId("save").disabled = true;
  }

  end() {
    byId("progress").hidden = true;
    byId("stop").disabled = true;
    byId("save").disabled = this.images.length === 0;
  }

  /** Make images, some at a time, until all are there or another wish came. */
  async makeAll(wishes, turn) {
    const atOnce = isQuick(wishes.model) ? N : AT_ONCE;
    const parts = [];
    this.progress = { wishes, parts, start: performance.now() };
    for (let first = 0; first < N; first += atOnce) {
      const feeds = feedsFor(wishes, first, atOnce);
      const { images } = await this.engine.run(wishes.model.file, feeds);
      if (turn !== this.turn) return;
      parts.push({ feeds, images: images.data });
      this.images.push(...split(images.data, atOnce));
      this.wishesShown = wishes;
      this.showGrid(this.images);
      byId("progress").value = first + atOnce;
    }
    const seconds = this.report();
    const took = seconds < 0.1 ? "less than 0.1 s" : `${seconds.toFixed(1)} s`;
    byId("generated").textContent = `${N} images of ${this.className(wishes)} in ${took}.`;
  }

  /** Leave what was made for tests; return how many seconds it took. */
  report() {
    const { wishes, parts, start } = this.progress;
    const seconds = (performance.now() - start) / 1000;
    this.demo.generated = { file: wishes.model.file, parts, seconds };
    return seconds;
  }

  className({ model, label }) {
    return model.about.classes[label];
  }

  /** Stop after the images that are being made. */
  stop() {
    if (byId("stop").disabled) return;
    this.turn++;
    this.report();
    byId("generated").textContent = `Stopped after ${this.images.length} of ${N} images.`;
    this.end();
  }

  /** Show images; those that are still to come are empty places. */
  showGrid(images) {
    const shape = this.model.about.shape;
    const places = Array.from({ length: N }, (_, i) => this.place(images[i], i, shape));
    byId("grid").replaceChildren(...places);
  }

  place(pixels, i, shape) {
    const canvas = document.createElement("canvas");
    [canvas.height, canvas.width] = shape.slice(1);
    if (pixels === undefined) return Object.assign(canvas, { className: "empty", ariaHidden: "true" });
    drawPixels(canvas, pixels, shape);
    const name = `Image ${i + 1} of ${N}: ${this.className(this.wishesShown)}`;
    if (this.classify === null) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      return canvas;
    }
    const button = Object.assign(document.createElement("button"), { type: "button", title: "Classify this image" });
    button.setAttribute("aria-label", `${name}. Classify it`);
    button.addEventListener("click", () => this.classify(toImageData(pixels, shape), name));
    button.append(canvas);
    return button;
  }

  /** Save the grid, each pixel enlarged by a whole number. */
  save() {
    const [, h, w] = this.model.about.shape;
    const times = Math.max(1, Math.ceil(SAVED / Math.min(h, w)));
    const canvas = Object.assign(document.createElement("canvas"), { width: 4 * w * times, height: 4 * h * times });
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    document.querySelectorAll("#grid canvas:not(.empty)").forEach((image, i) => {
      context.drawImage(image, (i % 4) * w * times, Math.floor(i / 4) * h * times, w * times, h * times);
    });
    const { model, seed } = this.wishesShown;
    const name = `${model.about.name} ${this.className(this.wishesShown)} seed ${seed}`;
    canvas.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  }
}

/** Name a model, and how long it takes. */
function title({ about }) {
  return about.sampling?.steps ? `${about.name}, ${about.sampling.steps} steps` : `${about.name}, at once`;
}

/** Cut the pixels of several images apart. */
function split(data, n) {
  const size = data.length / n;
  return Array.from({ length: n }, (_, i) => data.slice(i * size, (i + 1) * size));
}

/**
 * Make what a generator is fed: noise, labels, and what else it takes.
 * @returns {object} name -> {type, data, dims}
 */
export function feedsFor({ model, label, seed, value }, first, n) {
  const { noise, inputs = {} } = model.about;
  const limit = !inputs.guidance && value !== null && value < UNLIMITED ? value : null;
  const feeds = {
    noise: { type: "float32", data: imageNoise(seed, first, n, noise.size, { limit }), dims: [n, noise.size] },
    labels: { type: "int64", data: new BigInt64Array(n).fill(BigInt(label)), dims: [n] },
  };
  if (noise.fresh > 0) {
    const steps = Array.from({ length: noise.fresh }, (_, step) => step + 1);
    const data = imageNoise(seed, first, n, noise.size, { steps });
    feeds.fresh = { type: "float32", data, dims: [n, noise.fresh, noise.size] };
  }
  if (inputs.guidance) feeds.guidance = { type: "float32", data: new Float32Array([value]), dims: [] };
  return feeds;
}

/**
 * Offer a choice of names as radio buttons.
 * @param {HTMLElement} place
 * @param {string} group
 * @param {string[]} names
 * @param {(i: number) => void} chosen hears of a choice
 */
function chips(place, group, names, chosen) {
  const labels = names.map((name, i) => {
    const [label, text] = [document.createElement("label"), document.createElement("span")];
    const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value: i });
    input.defaultChecked = i === 0;
    input.addEventListener("change", () => chosen(i));
    text.textContent = name;
    label.append(input, text);
    return label;
  });
  place.replaceChildren(...labels);
}
