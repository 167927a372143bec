// Draw diagrams in the colours that styles.css gives them, in the way of Quarto: each becomes an svg of class mermaid-js.
const CSS = `
  .node rect, .node polygon, .node circle { fill: var(--mermaid-node-bg-color); stroke: var(--mermaid-node-fg-color); }
  .nodeLabel, .label, .cluster span { color: var(--mermaid-label-fg-color); }
  .cluster rect { fill: var(--mermaid-fg-color--lightest); stroke: var(--mermaid-fg-color--lighter); }
  .flowchart-link { stroke: var(--mermaid-edge-color); }
  marker { fill: var(--mermaid-edge-color) !important; }
  .edgeLabel { background-color: var(--mermaid-label-bg-color); color: var(--mermaid-edge-color); }`;

(async () => {
  mermaid.initialize({ startOnLoad: false, themeCSS: CSS });
  let n = 0;
  for (const pre of document.querySelectorAll("pre.mermaid")) {
    const { svg } = await mermaid.render(`diagram-${++n}`, pre.textContent);
    const place = document.createElement("div");
    place.className = "cell-output-display";
    place.innerHTML = svg;
    place.firstElementChild.classList.add("mermaid-js");
    pre.replaceWith(place);
  }
  window.drawn = true;
})();
