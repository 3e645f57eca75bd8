// Report pages in a real browser: at three widths, light and dark, with script and
// without, printed. Arguments: the browser, then pages. Prints figures, and what is wrong.
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [program, ...files] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
let checks = 0, rules = 0;
const wrong = [];
const want = (page, what, ok, more = "") => {
  checks++;
  if (!ok) wrong.push(`${page}: ${what}${more && `: ${more}`}`);
};

// open shows a page, and wants it to ask for nothing else and to say nothing to the console.
async function open(file, width, scheme, script = true) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(script);
  page.others = [];
  page.on("request", (r) => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:")) page.others.push(r.url()); });
  page.on("console", (m) => { if (m.type() === "error") page.others.push(m.text()); });
  page.on("pageerror", (e) => page.others.push(e.message));
  await page.goto(`file://${file}`, { waitUntil: "load" });
  return page;
}

for (const file of files) {
  const name = basename(file), bytes = statSync(file).size;
  want(name, "under 5 MB", bytes < 5e6, `${bytes} bytes`);
  const opened = []; // in ms, of each time
  for (const width of [400, 800, 1400]) {
    for (const scheme of ["light", "dark"]) {
      const page = await open(file, width, scheme);
      const at = `${name}, ${width} px, ${scheme}`;
      want(at, "nothing else asked for, no error", page.others.length === 0, page.others.join("; "));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      want(at, "no wider than the window", over <= 0, `${over} px`);
      const clipped = await page.evaluate(() => [...document.querySelectorAll("h1, h2, .figures dd, .facts dd, nav a")]
        .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline").map((e) => e.textContent));
      want(at, "no text cut off", clipped.length === 0, clipped.join("; "));
      const took = await page.evaluate(() => { const t = performance.getEntriesByType("navigation")[0]; return t.loadEventEnd - t.startTime; });
      opened.push(took);
      await page.evaluate(axe);
      const r = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      rules += r.passes.length;
      want(at, "axe", r.violations.length === 0, r.violations.map((v) => `${v.id} (${v.nodes.length}: ${v.nodes[0].html.slice(0, 90)})`).join("; "));
      await page.close();
    }
  }
  const usual = opened.sort((a, b) => a - b)[opened.length >> 1]; // other work runs beside
  want(name, "opens in a second", usual < 1000, `${Math.round(usual)} ms`);

  const plain = await open(file, 800, "light", false);
  want(name, "a headline without script", (await plain.$eval("h1", (e) => e.textContent)).trim() !== "");
  const tables = await plain.$$eval("main table tbody", (all) => all.filter((b) => b.rows.length === 0).length);
  want(name, "no empty table without script", tables === 0, `${tables}`);
  await plain.close();

  const page = await open(file, 1400, "light");
  const rows = () => page.$$eval("main table tbody tr", (all) => all.filter((r) => !r.hidden).length);
  const before = await rows();
  const word = await page.$eval("main table tbody tr", (r) => r.cells[0].textContent.trim().split(/\s+/)[0]);
  await page.type("#filter", word);
  const some = await rows();
  want(name, "a filter leaves some rows", some > 0 && some <= before, `${some} of ${before} with ${word}`);
  await page.keyboard.press("Escape");
  want(name, "Escape shows all rows", (await rows()) === before);
  const sorted = await page.evaluate(() => {
    const b = document.querySelector("main table thead .num button");
    if (!b) return true;
    b.click();
    return b.closest("th").getAttribute("aria-sort") === "descending";
  });
  want(name, "a head sorts", sorted);
  const pdf = await page.pdf({ format: "A4" });
  want(name, "prints", pdf.length > 1000);
  await page.close();
  console.log(`${name}: ${bytes} bytes, opened in ${Math.round(usual)} ms`);
}
await browser.close();
console.log(`${files.length} pages, ${checks - wrong.length} of ${checks} checks, ${rules} accessibility rules held`);
for (const w of wrong) console.log(`  ${w}`);
process.exit(wrong.length ? 1 : 0);
