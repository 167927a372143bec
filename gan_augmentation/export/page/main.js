/** @file Starts the page: what there is to show is in models.json, beside it. */

import { ClassifyPanel } from "./classify.js";
import { GeneratePanel } from "./generate.js";
import { Engine, missingFeature, readModels, showAbout } from "./models.js";

const byId = (id) => document.getElementById(id);

/** What went in and came out last, for tests: `classified`, `generated`, `ready` (models are loaded). */
const demo = { classified: null, generated: null, ready: false };
window.demo = demo;

/** Show one of the two parts. */
function select(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const isChosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
}

/** Let clicks and arrow keys choose a tab. */
function setUpTabs(names) {
  byId("tabs").hidden = names.length < 2;
  for (const name of names) byId(`tab-${name}`).addEventListener("click", () => select(name));
  byId("tabs").addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = names.find((name) => byId(`tab-${name}`) !== document.activeElement);
    select(other);
    byId(`tab-${other}`).focus();
  });
  select(names[0]);
}

/** Load all models while nothing else is to be done, so that the page works without a network from then on. */
async function loadAhead(engine, models) {
  try {
    for (const { file } of models) await engine.load(file);
    demo.ready = true;
  } catch (e) {
    demo.trouble = e.message;
    showTrouble(e.message);
  }
}

function showTrouble(message) {
  byId("trouble").textContent = message;
  byId("trouble").hidden = false;
}

/** Write what the models run on below the page. */
function tellEngine() {
  const said = { engine: "", note: "" };
  return (what) => {
    Object.assign(said, what);
    byId("engine").textContent = `${said.note} Runs on ${said.engine}.`.trim();
  };
}

function setUp({ title, gpu, models, examples }) {
  document.title = title;
  byId("title").textContent = title;
  const engine = new Engine(gpu, tellEngine());
  const classifier = models.find((m) => m.about.kind === "classifier");
  const generators = models.filter((m) => m.about.kind === "generator");
  let classify = null;
  if (classifier) {
    const panel = new ClassifyPanel(classifier, examples, engine, demo);
    showAbout(document.querySelector("#classify .about dl"), classifier.about);
    classify = (rgba, name) => {
      select("classify");
      panel.uncheckExamples();
      panel.take(async () => ({ rgba, notes: [`Generated. ${name}.`] }));
      byId("result").scrollIntoView({ block: "nearest" });
    };
  }
  if (generators.length) new GeneratePanel(generators, engine, demo, classify);
  setUpTabs([...(classifier ? ["classify"] : []), ...(generators.length ? ["generate"] : [])]);
  byId("main").hidden = false;
  if (!navigator.connection?.saveData) setTimeout(() => loadAhead(engine, models), 100);
}

byId("not-started").hidden = true;
const missing = missingFeature();
if (missing) showTrouble(missing);
else readModels().then(setUp).catch((e) => showTrouble(e.message));
