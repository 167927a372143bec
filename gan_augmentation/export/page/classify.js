/** @file The part of the page that says what a picture shows. */

import { setUpDrawing } from "./draw.js";
import { drawPixels, fitPicture, readPicture } from "./pictures.js";

const SHOWN = 10; // classes; the others are folded
const byId = (id) => document.getElementById(id);

/** Write a probability. */
export function percent(p) {
  if (p > 0 && p < 0.0005) return "< 0.1 %";
  return `${(100 * p).toFixed(1)} %`;
}

export class ClassifyPanel {
  /**
   * @param {{file: string, about: object}} model
   * @param {{file: string, class: string}[]} examples
   * @param {import("./models.js").Engine} engine
   * @param {object} demo what tests read: `demo.classified` is {images, shape, probabilities}
   */
  constructor(model, examples, engine, demo) {
    Object.assign(this, { model, engine, demo, picture: null, turn: 0 });
    if (examples.length) this.showExamples(examples);
    this.listenToFiles();
    this.setUpPaper();
    byId("invert").addEventListener("change", () => this.classify());
    this.see(new Uint8Array(this.model.about.shape.reduce((a, b) => a * b)));
  }

  /** Show test images, as radio buttons: one stop of the tab key, arrows go from one to the next. */
  showExamples(examples) {
    const place = document.querySelector("#examples .examples");
    for (const example of examples) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "example" });
      const image = Object.assign(document.createElement("img"), { src: example.file, alt: example.class });
      label.title = example.class;
      label.append(input, image);
      place.append(label);
      input.addEventListener("change", () => this.takeExample(example));
    }
    byId("examples").hidden = false;
  }

  async takeExample(example) {
    await this.take(async () => {
      const answer = await fetch(example.file).catch(() => ({ ok: false, status: "no connection" }));
      if (!answer.ok) throw new Error(`${example.file} could not be loaded (${answer.status}).`);
      const picture = await readPicture(await answer.blob(), example.file);
      picture.notes.push(`A test image, labelled “${example.class}”.`);
      return picture;
    });
  }

  /** Take files from the button, from anywhere on the page, and from the clipboard. */
  listenToFiles() {
    const drop = byId("drop");
    byId("file").addEventListener("change", ({ target }) => {
      this.takeFiles(target.files, "chosen");
      target.value = "";
    });
    addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("over"));
    addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.takeFiles(event.dataTransfer.files, "dropped");
    });
    addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) this.takeFiles(event.clipboardData.files, "pasted");
    });
  }

  /** Classify the first of some files. */
  async takeFiles(list, how) {
    const files = [...list];
    if (how === "dropped" && files.length === 0) return this.fail(new Error("Nothing that was dropped is a file."));
    if (files.length === 0) return;
    byId("tab-classify").click();
    this.uncheckExamples();
    await this.take(async () => {
      const picture = await readPicture(files[0], files[0].name);
      if (files.length > 1) {
        picture.notes.unshift(`${files.length} files were ${how}; the first one, ${files[0].name}, is used.`);
      }
      return picture;
    });
  }

  uncheckExamples() {
    for (const input of document.querySelectorAll("input[name=example]")) input.checked = false;
  }

  setUpPaper() {
    const ground = this.model.about.reading?.ground ?? "black";
    const isColour = this.model.about.shape[0] === 3;
    const isLight = ground === "white";
    byId("colour").value = isLight ? "#1a4fa0" : "#ffffff";
    byId("colour-label").hidden = !isColour;
    const clear = setUpDrawing(byId("draw"), {
      paper: ground,
      ink: () => (isColour ? byId("colour").value : isLight ? "black" : "white"),
      width: () => Number(byId("brush").value),
      done: (rgba) => {
        this.uncheckExamples();
        this.take(async () => ({ rgba, notes: ["Your drawing."] }));
      },
    });
    byId("clear").addEventListener("click", clear);
  }

  /**
   * Classify a picture that comes in a while, or say why it does not come; the last one that was asked for counts.
   * @param {() => Promise<{rgba: ImageData, notes: string[]}>} read
   */
  async take(read) {
    const turn = ++this.turn;
    try {
      const picture = await read();
      if (turn !== this.turn) return;
      this.picture = picture;
      await this.classify();
    } catch (e) {
      if (turn === this.turn) this.fail(e);
    }
  }

  fail(e) {
    byId("classify-error").textContent = e.message;
    byId("classify-error").hidden = false;
    byId("classify-note").textContent = "";
    byId("answer").textContent = "No answer.";
    this.showBars([]);
  }

  /** Ask the model about the present picture. */
  async classify() {
    if (this.picture === null) return;
    const turn = ++this.turn;
    const { shape, reading, classes } = this.model.about;
    const images = fitPicture(this.picture.rgba, shape, reading, byId("invert").checked);
    this.see(images);
    byId("classify-error").hidden = true;
    byId("classify-note").textContent = this.picture.notes.join(" ");
    byId("answer").textContent = "Computing …";
    try {
      const feeds = { images: { type: "uint8", data: images, dims: [1, ...shape] } };
      const { probabilities } = await this.engine.run(this.model.file, feeds);
      if (turn !== this.turn) return;
      this.demo.classified = { images: [...images], shape, probabilities: [...probabilities.data] };
      this.answer(classes.map((name, i) => ({ name, p: probabilities.data[i] })));
    } catch (e) {
      if (turn === this.turn) this.fail(e);
    }
  }

  /** Show what the model is given. */
  see(images) {
    drawPixels(byId("seen"), images, this.model.about.shape);
    byId("seen").setAttribute("aria-label", this.picture ? "The picture as the model sees it" : "No picture yet");
  }

  answer(found) {
    found.sort((a, b) => b.p - a.p);
    byId("answer").textContent = `${found[0].name}, ${percent(found[0].p)}`;
    this.showBars(found);
  }

  showBars(found) {
    byId("bars").replaceChildren(...found.slice(0, SHOWN).map(bar));
    const more = byId("more");
    more.hidden = found.length <= SHOWN;
    more.querySelector("summary").textContent = `${found.length - SHOWN} more classes`;
    more.querySelector("ol").replaceChildren(...found.slice(SHOWN).map(bar));
  }
}

/** Make a row: name, bar, number. */
function bar({ name, p }) {
  const [row, label, track, fill, number] = ["li", "span", "span", "span", "span"].map((t) => document.createElement(t));
  label.textContent = label.title = name;
  label.className = "name";
  track.className = "track";
  track.setAttribute("aria-hidden", "true");
  fill.style.width = `${100 * p}%`;
  number.textContent = percent(p);
  number.className = "number";
  track.append(fill);
  row.append(label, track, number);
  return row;
}
