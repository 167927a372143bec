/**
 * @file Runs models with ONNX Runtime Web, in a thread of its own: the page stays responsive meanwhile.
 * Messages in: {id, task: "load" | "run", file, feeds}. Messages out: {id, outputs} or {id, error}, and {engine, note}.
 */

const FOLDER = new URL("runtime/", import.meta.url).href;
const sessions = new Map(); // address -> session
let engine = null; // {name, ort}

/** A file that is not there: no engine would help. */
class Missing extends Error {}

/** Tell whether the page brought what WebGPU needs, and the browser has a graphics processor for it, not a pretended one. */
async function hasGPU(wanted) {
  if (!wanted || !navigator.gpu) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter !== null && !adapter.info?.isFallbackAdapter;
}

/** Load the runtime: it is large, so this waits until a model is wanted. */
async function startEngine(name) {
  const ort = await import(name === "webgpu" ? "./runtime/ort.webgpu.min.mjs" : "./runtime/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = FOLDER;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  ort.env.logLevel = "error";
  engine = { name, ort };
  const threads = ort.env.wasm.numThreads;
  postMessage({ engine: name === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} thread${threads > 1 ? "s" : ""}` });
}

/** Fetch a model and make it ready. */
async function open(file) {
  if (sessions.has(file)) return sessions.get(file);
  const response = await fetch(file).catch(() => ({ ok: false, status: "no connection" }));
  if (!response.ok) throw new Missing(`${shortName(file)} could not be loaded (${response.status}). Try again later.`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const session = await engine.ort.InferenceSession.create(bytes, { executionProviders: [engine.name] });
  sessions.set(file, session);
  return session;
}

function shortName(file) {
  return file.split("/").slice(-2).join("/");
}

/** Run a model: arrays in, arrays out. */
async function run(file, feeds) {
  const session = await open(file);
  const tensors = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds)) {
    tensors[name] = new engine.ort.Tensor(type, data, dims);
  }
  const outputs = {};
  for (const [name, { data, dims }] of Object.entries(await session.run(tensors))) {
    outputs[name] = { data: data.slice(), dims: [...dims] };
  }
  return outputs;
}

/** Make a model ready, or run it. */
async function perform({ task, file, feeds }, name) {
  if (!engine) await startEngine(name);
  if (task === "run") return run(file, feeds);
  await open(file);
  return null;
}

/** Do what a message asks; where WebGPU cannot, WebAssembly does it, and all that follows. */
async function answer(message) {
  const name = engine?.name ?? ((await hasGPU(message.gpu)) ? "webgpu" : "wasm");
  try {
    return await perform(message, name);
  } catch (e) {
    if (name === "wasm" || e instanceof Missing) throw e;
    sessions.clear();
    engine = null;
    postMessage({ note: `WebGPU failed (${firstLine(e)}); WebAssembly is used instead.` });
    return perform(message, "wasm");
  }
}

function firstLine(e) {
  return String(e?.message ?? e).split("\n")[0];
}

let last = Promise.resolve(); // one task after the other

onmessage = ({ data }) => {
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, outputs: await answer(data) });
    } catch (e) {
      postMessage({ id: data.id, error: firstLine(e) });
    }
  });
};
