/** @file What the page knows of its models, and how it asks them: a worker computes, the page waits. */

/** A module of WebAssembly with one instruction of SIMD (i8x16.splat): a browser that takes it can run the models. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];

/**
 * Say what this browser lacks.
 * @returns {string|null} a sentence; null if it lacks nothing
 */
export function missingFeature() {
  const version = "Update it: Chrome and Edge from 91, Firefox from 114 and Safari from 16.4 can.";
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(new Uint8Array(SIMD))) {
    return `This browser has no WebAssembly with SIMD, so it cannot run the models. ${version}`;
  }
  if (typeof Worker !== "function" || typeof createImageBitmap !== "function") {
    return `This browser has no workers or no image bitmaps, so it cannot run the models. ${version}`;
  }
  return null;
}

/**
 * Read which models and examples the page has.
 * @returns {Promise<{title: string, gpu: boolean, models: object[], examples: object[]}>}
 */
export async function readModels() {
  const answer = await fetch("models.json").catch(() => ({ ok: false, status: "no connection" }));
  if (!answer.ok) throw new Error(`models.json could not be loaded (${answer.status}). Build the page again.`);
  return answer.json();
}

/** Runs models in a worker. */
export class Engine {
  /**
   * @param {boolean} gpu use WebGPU where there is some
   * @param {(what: {engine?: string, note?: string}) => void} tell hears what the models run on
   */
  constructor(gpu, tell) {
    this.gpu = gpu;
    this.waiting = new Map(); // number of a task -> its promise's two functions
    this.count = 0;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => (data.id === undefined ? tell(data) : this.finish(data));
    this.worker.onerror = () => this.failAll("The thread that runs the models could not start. Reload the page.");
  }

  /** Settle the promise of a task. */
  finish({ id, outputs, error }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) resolve(outputs);
    else reject(new Error(error));
  }

  failAll(error) {
    for (const id of [...this.waiting.keys()]) this.finish({ id, error });
  }

  ask(task, file, feeds) {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, file: new URL(file, document.baseURI).href, feeds, gpu: this.gpu });
    });
  }

  /** Make a model ready. */
  load(file) {
    return this.ask("load", file);
  }

  /**
   * Run a model.
   * @param {string} file address of the model, from models.json
   * @param {object} feeds name -> {type, data, dims}
   * @returns {Promise<object>} name -> {data, dims}
   */
  run(file, feeds) {
    return this.ask("run", file, feeds);
  }
}

/**
 * Write what a model is into a list of terms.
 * @param {HTMLElement} list a <dl>
 * @param {object} about metadata of the model
 */
export function showAbout(list, about) {
  list.replaceChildren();
  for (const [term, value] of facts(about)) {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = term;
    dd.textContent = value;
    list.append(dt, dd);
  }
}

/** Choose what is worth reading in the metadata. */
function facts(about) {
  const { data = {}, versions = {}, sampling = null, shape } = about;
  const trained = data.n ? `${data.name ?? "images"}, ${data.n.toLocaleString("en")} images` : data.name;
  const found = [
    ["Model", about.name],
    ["Images", `${shape[1]} × ${shape[2]} pixels, ${shape[0] === 1 ? "grey" : "colour"}; ${about.classes.length} classes`],
    ["Trained on", trained],
    ["Sampling", sampling?.sampler && `${sampling.sampler}, ${sampling.steps} steps`],
    ["Guidance", typeof sampling?.guidance === "number" && `${sampling.guidance}, fixed in the file`],
    ...measured(about.metrics ?? {}),
    ["Precision", about.precision],
    ["Licence of the model", about.licence],
    ["Licence of the data", data.licence],
    ["Made with", versions.gan_augmentation && `gan_augmentation ${versions.gan_augmentation}`],
  ];
  return found.filter(([, value]) => value);
}

/** Tell what was measured: a classifier's accuracy, with its interval; of others, what is a number. */
function measured({ test, quantized, ...others }) {
  const numbers = Object.entries(others).filter(([, value]) => typeof value === "number");
  const found = numbers.map(([name, value]) => [capital(name.replaceAll("_", " ")), String(Number(value.toPrecision(4)))]);
  const words = accuracy(test, quantized);
  return words ? [["Accuracy on test images", words], ...found] : found;
}

/** Say how often a classifier is right: a smaller file as it was measured itself, not as the file that it was made of. */
function accuracy(test, quantized) {
  const isSmaller = typeof quantized?.after === "number";
  const value = isSmaller ? quantized.after : test?.accuracy;
  if (typeof value !== "number") return null;
  const interval = isSmaller ? quantized.after_interval : test.accuracy_interval;
  const ends = interval?.map((x) => (100 * x).toFixed(1)).join(" to ");
  const n = isSmaller && quantized.n ? `${quantized.n.toLocaleString("en")} images` : "";
  const sure = [ends && `95 % interval ${ends} %`, n].filter(Boolean).join("; ");
  return `${(100 * value).toFixed(1)} %${sure && ` (${sure})`}`;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
