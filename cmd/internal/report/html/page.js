"use strict";
// All that is here is a help: the page says everything without it.
const make = (tag, props, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e; };
const tables = [...document.querySelectorAll("main table")];
const say = make("p", { className: "note", role: "status" });
document.querySelector("main").prepend(say);

// A number as a reader sees it, so that tables can be put in order by it.
const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, ms: 1e-3, s: 1 };
const value = (text) => {
  const m = /^[<>]?\s*([\d.,]+)\s*(kB|MB|GB|TB|B|ms|s)?/.exec(text);
  return m ? parseFloat(m[1].replaceAll(",", "")) * (units[m[2]] || 1) : undefined;
};

// Sort: by the heads of columns, what was not measured last.
const sort = (table, column, th) => {
  const down = th.getAttribute("aria-sort") !== "descending";
  const body = table.tBodies[0], rows = [...body.rows];
  const last = rows.filter((r) => / others$/.test(r.cells[0].textContent));
  const num = th.classList.contains("num");
  const key = (r) => r.cells[column].textContent.trim();
  const by = rows.filter((r) => !last.includes(r)).sort((a, b) => {
    const x = key(a), y = key(b);
    if (num) {
      const v = value(x), w = value(y);
      if (v === undefined || w === undefined) return (v === undefined) - (w === undefined);
      return down ? w - v : v - w;
    }
    return (down ? 1 : -1) * x.localeCompare(y, "en", { numeric: true });
  });
  for (const h of table.tHead.rows[0].cells) h.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  body.append(...by, ...last);
};
for (const table of tables) {
  [...table.tHead.rows[0].cells].forEach((th, i) => {
    if (!th.textContent) return;
    const b = make("button", { type: "button", className: "sort" }, th.textContent);
    b.onclick = () => sort(table, i, th);
    th.replaceChildren(b);
  });
}

// Filter: one field for all tables; a click on a name fills it, which is a machine's story.
const filter = make("input", { type: "search", id: "filter", placeholder: "name, address, rule …" });
const show = (text) => {
  filter.value = text;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const table of tables) {
    for (const r of table.tBodies[0].rows) {
      const t = r.textContent.toLowerCase();
      r.hidden = !words.every((w) => t.includes(w));
      n += !r.hidden;
    }
  }
  say.textContent = text ? `${n} rows with ${text}; Escape shows all.` : "";
};
filter.oninput = () => show(filter.value);
document.addEventListener("keydown", (e) => { if (e.key === "Escape") { show(""); brushed(); } });
document.querySelector("nav").append(make("div", { className: "tools" }, make("label", { htmlFor: "filter" }, "Rows with "), filter));
for (const table of tables) {
  if (table.classList.contains("sources")) continue;
  for (const r of table.tBodies[0].rows) {
    for (const c of r.cells) {
      const text = c.textContent.trim();
      if (c.classList.contains("num") || text === "–" || !text || / others$/.test(text) || c.querySelector("button")) continue;
      const b = make("button", { type: "button", className: "name", title: "All rows with this" }, ...c.childNodes);
      b.onclick = () => show((/\(([^()]*)\)$/.exec(text) || [, text.replace(/^[✓✕] /, "")])[1]);
      c.append(b);
    }
  }
}

// Brush: a span of the timeline, with what was in it and how to ask for it alone.
const hits = [...document.querySelectorAll("section[aria-labelledby=timeline] rect.hit")];
let from = -1;
const brushed = (a = -1, b = -1) => {
  hits.forEach((h, i) => h.classList.toggle("brushed", a >= 0 && i >= Math.min(a, b) && i <= Math.max(a, b)));
  if (a < 0) return;
  const some = hits.slice(Math.min(a, b), Math.max(a, b) + 1), sum = (k) => some.reduce((n, h) => n + (+h.dataset[k] || 0), 0);
  const first = some[0].dataset.from, last = some[some.length - 1].dataset.to;
  const bytes = sum("bytes"), unit = ["B", "kB", "MB", "GB", "TB"], i = bytes > 0 ? Math.min(4, Math.floor(Math.log10(bytes) / 3)) : 0;
  say.textContent = `${first} to ${last}: ${(bytes / 1000 ** i).toFixed(i ? 1 : 0)} ${unit[i]}, ${sum("denied")} denied. Ask for it alone: --start ${first} --end ${last}`;
};
hits.forEach((h, i) => {
  h.onpointerdown = (e) => { from = i; h.releasePointerCapture(e.pointerId); brushed(i, i); e.preventDefault(); };
  h.onpointerenter = () => { if (from >= 0) brushed(from, i); };
});
document.addEventListener("pointerup", () => { from = -1; });

// Copy a question as it stands in the file.
for (const d of document.querySelectorAll("details.hcl")) {
  const b = make("button", { type: "button", className: "copy" }, "Copy");
  b.onclick = () => navigator.clipboard.writeText(d.querySelector("pre").textContent).then(() => { b.textContent = "Copied"; }, () => {
    getSelection().selectAllChildren(d.querySelector("pre"));
  });
  d.append(b);
}
