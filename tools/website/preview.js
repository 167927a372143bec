// What does not fit into an open page or cannot be read in it: a list of lines.
() => {
  const found = [];
  const main = document.querySelector("main");
  const column = main.getBoundingClientRect();
  const root = document.documentElement;
  const short = (text) => (text || "").trim().replace(/\s+/g, " ").slice(0, 60);

  if (root.scrollWidth > innerWidth + 1) {
    const wide = [...main.querySelectorAll("*")].find((e) => e.getBoundingClientRect().right > innerWidth + 1);
    found.push(`scrolls sideways by ${root.scrollWidth - innerWidth} pixels: ${wide ? `${wide.tagName} ${short(wide.textContent)}` : "?"}`);
  }
  for (const e of main.querySelectorAll("img, svg, video, canvas, iframe")) {
    const over = Math.round(e.getBoundingClientRect().right - column.right);
    if (over > 1) found.push(`a figure is ${over} pixels wider than the column: ${short(e.alt)}`);
  }
  for (const e of main.querySelectorAll("table")) {
    if (!e.checkVisibility() || e.closest("details:not([open])")) continue;
    const mayScroll = innerWidth > 575 && e.closest(".cell-output-display");
    const over = Math.round(e.getBoundingClientRect().right - column.right);
    if (over > 1 && !mayScroll) found.push(`a table is ${over} pixels wider than the column: ${short(e.textContent)}`);
  }

  const parse = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const ground = (e) => {
    if (!e) return [255, 255, 255];
    const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
    if (a > 0.99) return [r, g, b];
    const below = ground(e.parentElement);
    return [r, g, b].map((part, i) => a * part + (1 - a) * below[i]);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((p) => (p / 255 <= 0.04045 ? p / 255 / 12.92 : ((p / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (e) => {
    const [a, b] = [luminance(parse(getComputedStyle(e).color).slice(0, 3)), luminance(ground(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const READ = `main :is(h1, h2, h3, h4, a, p, li, td, th, summary, code:not(.sourceCode)),
    .navbar a, .sidebar a, .nav-footer, .nav-footer *`;
  const poor = new Set();
  for (const e of document.querySelectorAll(READ)) {
    if (!e.textContent.trim() || !e.checkVisibility()) continue;
    const ratio = contrast(e);
    if (ratio < 4.5) poor.add(`${e.tagName.toLowerCase()} in ${getComputedStyle(e).color} has a contrast of ${ratio.toFixed(1)}, not 4.5`);
  }
  return [...found, ...poor];
}
