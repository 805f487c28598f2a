#!/usr/bin/env node
// Opens pages in a real browser and checks what can be checked by machine: WCAG 2.2 AA by axe, with and without the
// script, at 320 and 1280 pixels and at 1280 magnified twice, no sideways scrolling, a visible focus, one main heading, a title, no
// error in the console, and no request to anywhere else. Of reports it prints the first page and sees that it is one, and tagged.
// In the end it tells which pages the server took longest for.
//
//   node scripts/browser/check.mjs --samples                     the samples that `cargo test -p fairtrial-pages` left, at 320 pixels
//   node scripts/browser/check.mjs http://127.0.0.1:8080 /sign-in /trials
//   node scripts/browser/check.mjs http://127.0.0.1:8080 demo.json   every page of a demonstration, by role
//        --login EMAIL:PASSWORD    sign in first          --cookie NAME=VALUE   or bring a session
//        --shots FOLDER            keep screenshots       --pdf                 and what would be printed
//        --only TEXT               only pages whose address has TEXT in it
//
// Answers 0 when all is well, 1 when a check failed, 2 for wrong use. CHROMIUM names another browser.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { serveSamples } from "./samples.mjs";

// What 1280 pixels are when everything is twice as large.
const MAGNIFIED = 640;
// What an A4 page has between margins of 15 mm, at 96 pixels to the inch.
const PRINTED = { width: Math.floor((180 / 25.4) * 96), height: Math.floor((267 / 25.4) * 96) };
const STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const MOST_TABS = 120;
const IS_LOCKED = ["data_locked", "reported", "decided", "archived"];
const HAS_NO_REPORT = ["draft", "in_review", "approved", "withdrawn"];

const given = read(process.argv.slice(2));
const samples = given.samples ? await serveSamples() : null;
const origin = samples ? samples.origin : new URL(given.address).origin;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const visits = (await plan()).map((visit) => ({ ...visit, pages: visit.pages.filter(({ path }) => path.includes(given.only)) }));
const pages = visits.reduce((sum, visit) => sum + visit.pages.length, 0);
if (pages === 0) stop("no pages to open");
if (given.shots) await mkdir(given.shots, { recursive: true });

const faults = [];
const times = new Map();
let opened = 0;
for (const script of samples ? [true] : [true, false]) {
  for (const width of samples ? [320] : script ? [320, MAGNIFIED, 1280] : [320, 1280]) {
    for (const visit of visits.filter((visit) => visit.pages.length > 0)) {
      const context = await browser.newContext({
        viewport: { width, height: { 320: 640, [MAGNIFIED]: 450 }[width] ?? 900 }, deviceScaleFactor: width === MAGNIFIED ? 2 : 1, javaScriptEnabled: script, locale: "en-NZ",
      });
      if (given.cookie) await context.addCookies([{ ...given.cookie, url: origin }]);
      if (visit.login) await signIn(context, visit.login);
      for (const { path, status } of visit.pages) {
        const found = await check(context, path, { script, width, status });
        opened += 1;
        for (const fault of found) faults.push(`${path} (${width} px, script ${script ? "on" : "off"}): ${fault}`);
      }
      await context.close();
    }
  }
}
await browser.close();
samples?.close();
for (const fault of faults) console.log(`FAIL ${fault}`);
const slowest = [...times].map(([path, taken]) => [path, taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)]]).sort((a, b) => b[1] - a[1]);
if (!samples) console.log(`the server took longest for: ${slowest.slice(0, 5).map(([path, ms]) => `${path} ${ms.toFixed(0)} ms`).join(", ")}`);
console.log(`${pages} pages, opened ${opened} times: ${faults.length === 0 ? "all well" : `${faults.length} faults`}`);
process.exit(faults.length === 0 ? 0 : 1);

async function check(context, path, { script, width, status }) {
  const found = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    // A page that says 404 is no fault when it was asked for.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) found.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => found.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const address = new URL(request.url());
    if (address.protocol !== "data:" && address.origin !== origin) found.push(`asks ${address.origin}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400 && answer.request().resourceType() !== "document") found.push(`${answer.status()} for ${answer.url()}`);
  });
  const answer = await page.goto(origin + path, { waitUntil: "load" });
  if (answer.status() !== status) found.push(`status ${answer.status()}`);
  if (new URL(page.url()).pathname !== new URL(origin + path).pathname) found.push(`leads to ${page.url()}`);

  const { requestStart, responseEnd } = answer.request().timing();
  times.set(path, [...(times.get(path) ?? []), responseEnd - requestStart]);

  const facts = await page.evaluate(() => {
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
    // Words that no style reaches are set in the browser's own type, which nobody chose.
    const unset = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
      && !element.closest("option, noscript, script, style, title, desc, .swagger-ui")
      && !/^(system-ui|ui-monospace)/.test(getComputedStyle(element).fontFamily);
    return {
      unset: [...document.body.querySelectorAll("*")].filter(unset).map((element) => element.textContent.trim().slice(0, 40)),
      headings: document.querySelectorAll("h1").length,
      language: document.documentElement.lang,
      title: document.title,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    };
  });
  if (facts.headings !== 1) found.push(`${facts.headings} main headings`);
  if (!["en-NZ", "mi"].includes(facts.language)) found.push(`language "${facts.language}"`);
  if (!facts.title) found.push("no title");
  if (facts.unset.length > 0) found.push(`words in a type that nobody chose: ${facts.unset.slice(0, 3).join(" | ")}`);
  if (facts.wide > 0) found.push(`scrolls sideways by ${facts.wide} px`);

  // axe needs timers, which a page without script does not have; the markup is the same.
  if (script) {
    const report = await new AxeBuilder({ page }).withTags(STANDARD).analyze();
    for (const violation of report.violations) {
      const place = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ");
      found.push(`axe ${violation.id}: ${violation.help} at ${place}`);
    }
  }
  if (given.shots && script) {
    const name = (path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "home").slice(0, 80);
    await page.screenshot({ path: join(given.shots, `${name}-${width}.png`), fullPage: true });
    if (given.pdf && width > 320) await page.pdf({ path: join(given.shots, `${name}.pdf`), format: "A4", tagged: true });
  }
  // Who magnifies a page sees the same elements as on a narrow one, and samples are made of the same parts: the focus is followed there.
  if (width !== MAGNIFIED && !samples) found.push(...await focusFaults(page));
  if (script && width === 1280 && path.endsWith("/report")) found.push(...await printFaults(page));
  await page.close();
  return found;
}

// What is printed of a report: what a manager needs first on one A4 page, in a document whose parts a screen reader can tell apart.
async function printFaults(page) {
  const found = [];
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize(PRINTED);
  const end = await page.evaluate(() => {
    const first = document.querySelector(".ft-first-page");
    return first && first.getBoundingClientRect().bottom + window.scrollY;
  });
  if (end === null) found.push("a report without a first page");
  else if (end > PRINTED.height) found.push(`its first page is ${Math.ceil(end - PRINTED.height)} px too long for A4`);
  const pdf = (await page.pdf({ preferCSSPageSize: true, tagged: true })).toString("latin1");
  for (const part of ["/StructTreeRoot", "/MarkInfo", "/Lang"]) if (!pdf.includes(part)) found.push(`its PDF has no ${part}`);
  return found;
}

// Goes through the page with the Tab key: where the focus is must look different from before.
async function focusFaults(page) {
  await page.evaluate(() => {
    const look = (element) => {
      const watched = [[element, null], [element.labels?.[0], "::before"], [element.closest("details > summary")?.firstElementChild, null]];
      return watched.filter(([found]) => found).map(([found, part]) => {
        const style = getComputedStyle(found, part);
        return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.backgroundColor, style.borderTopColor, style.borderTopWidth].join();
      }).join(";");
    };
    window.fairtrialLook = look;
    window.fairtrialBefore = new Map([...document.querySelectorAll("a, button, input, textarea, select, summary, [tabindex]")]
      .filter((element) => element !== document.activeElement).map((element) => [element, look(element)]));
    window.fairtrialSeen = new Set();
  });
  const found = [];
  for (let tab = 0; tab < MOST_TABS; tab += 1) {
    await page.keyboard.press("Tab");
    const fault = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body || window.fairtrialSeen.has(element)) return "end";
      window.fairtrialSeen.add(element);
      const name = `${element.tagName.toLowerCase()} "${(element.textContent || element.name || "").trim().slice(0, 40)}"`;
      // The viewer of the interface is somebody else's: it holds buttons that only show when pointed at.
      if (element.closest(".swagger-ui")) return null;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) return `the focus is on something without size: ${name}`;
      const before = window.fairtrialBefore.get(element);
      return before !== undefined && before === window.fairtrialLook(element) ? `the focus cannot be seen: ${name}` : null;
    });
    if (fault === "end") break;
    if (fault) found.push(fault);
  }
  return found;
}

// Who opens which pages: the samples, the paths that were given, or the pages of a demonstration.
async function plan() {
  const found = (paths) => paths.map((path) => ({ path, status: 200 }));
  if (samples) return [{ login: null, pages: found(samples.paths) }];
  if (!given.paths[0].endsWith(".json")) return [{ login: given.login, pages: found(given.paths) }];
  const demo = JSON.parse(await readFile(given.paths[0], "utf8"));
  const account = (role) => demo.accounts.find((account) => account.role === role) ?? stop(`the demonstration has no ${role}`);
  const designer = account("designer");
  const trials = demo.trials.filter(({ agency }) => agency === designer.agency)
    .flatMap(({ key, state }) => [`/trials/${key}`, `/trials/${key}/protocol`, `/trials/${key}/notice`, `/trials/${key}/review`, `/trials/${key}/privacy`, `/trials/${key}/rehearsal`, `/trials/${key}/rules`, `/trials/${key}/integration`, `/trials/${key}/batches`, `/trials/${key}/links`, ...(HAS_NO_REPORT.includes(state) ? [] : [`/trials/${key}/notes`]), ...(state === "draft" ? [`/trials/${key}/document`] : []), ...(IS_LOCKED.includes(state) ? [`/trials/${key}/decision`, `/trials/${key}/checklist`] : []), ...(HAS_NO_REPORT.includes(state) ? [] : [`/trials/${key}/report`])]);
  const decisions = demo.trials.filter(({ agency, state }) => agency === account("manager").agency && IS_LOCKED.includes(state))
    .map(({ key }) => `/trials/${key}/decision`);
  const of = (role) => demo.trials.filter(({ agency, state }) => agency === account(role).agency && !HAS_NO_REPORT.includes(state));
  const running = of("contact_centre").filter(({ state }) => state === "enrolling").map(({ key }) => key);
  const analysed = of("analyst").map(({ key }) => key);
  const entered = of("designer").filter(({ state }) => state === "enrolling").map(({ key }) => key);
  const draft = await draftOf(designer);
  const register = await (await fetch(`${origin}/register.json`)).json();
  const published = demo.trials.filter(({ state }) => ["reported", "archived"].includes(state)).map(({ key }) => `/register/${key}/checklist`);
  const open = [...published, ...register.trials.flatMap(({ trial, code }) => [`/register/${trial}`, `/t/${code}`, `/t/${code}/ask`, `/t/${code}/result`])];
  return [
    { login: null, pages: [...found(["/sign-in", "/docs", "/register", "/register?q=letter", ...open]), { path: "/nothing-is-here", status: 404 }] },
    { login: designer, pages: [...found(["/", "/trials", "/trials/new", "/trials/new/steps", "/account", "/library", "/library?q=letter&verdict=succeeded", "/library?q=letter", "/reviews", "/optouts", "/messages", "/links", "/audit", ...trials, ...draft, ...entered.flatMap((key) => [`/trials/${key}/versions`, `/trials/${key}/amend`])]), { path: "/trials/nothing-is-here", status: 404 }] },
    { login: account("manager"), pages: found(["/", "/portfolio", ...decisions]) },
    { login: account("privacy"), pages: found(["/reviews", "/messages", "/optouts", "/names"]) },
    { login: account("contact_centre"), pages: found(["/", "/messages", "/optouts", ...running.flatMap((key) => ["harm", "override", "delivery"].map((what) => `/trials/${key}/notes/${what}`))]) },
    { login: account("analyst"), pages: found([...analysed.map((key) => `/trials/${key}/data`), ...of("analyst").filter(({ state }) => ["decided", "archived"].includes(state)).map(({ key }) => `/trials/${key}/explore`)]) },
    { login: account("monitor"), pages: found(demo.trials.filter(({ agency }) => agency === account("monitor").agency).flatMap(({ key, state }) => [`/trials/${key}/looks`, ...(HAS_NO_REPORT.includes(state) ? [] : [`/trials/${key}/notes/by-version`])])) },
    { login: account("administrator"), pages: found(["/admin/keys", "/admin/keys/new", "/admin/receivers", "/admin/receivers/new", "/admin/people", "/admin/people/new"]) },
  ];
}

// The pages on which a plan is made: a draft from a pattern, its steps and what else leads from their list.
async function draftOf(designer) {
  const context = await browser.newContext({ locale: "en-NZ" });
  await signIn(context, designer);
  const page = await context.newPage();
  await page.goto(`${origin}/trials/new/steps`);
  await page.fill("#title", "Does a shorter reminder bring more people in?");
  await page.check("input[name=pattern][value=appointment_text]");
  await page.check("input[name=aim][value=better]");
  await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
  const trial = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  await page.goto(`${origin}${trial}/steps`);
  const steps = await page.evaluate(() => [...document.querySelectorAll("main .govuk-task-list a")].map((link) => new URL(link.href).pathname));
  await context.close();
  if (steps.length < 8) stop(`only ${steps.length} steps of a plan were found`);
  // The page that checks the answers leads back while some are open: forms.mjs comes to it with all given.
  return [...new Set([`${trial}/steps`, ...steps.filter((path) => !path.endsWith("/check")), `${trial}/document`, trial])];
}

async function signIn(context, { email, password }) {
  const page = await context.newPage();
  await page.goto(`${origin}/sign-in`);
  await page.fill("main input[type=email]", email);
  await page.fill("main input[type=password]", password);
  await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
  if (new URL(page.url()).pathname === "/sign-in") stop("could not sign in");
  await page.close();
}

function read(words) {
  const given = { samples: false, address: null, paths: [], login: null, cookie: null, shots: null, pdf: false, only: "" };
  while (words.length > 0) {
    const word = words.shift();
    const value = () => words.shift() ?? stop(`${word} needs a value`);
    const pair = (mark) => {
      const text = value();
      const at = text.indexOf(mark);
      return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : stop(`${word} needs two parts with ${mark} between`);
    };
    if (word === "--samples") given.samples = true;
    else if (word === "--login") { const [email, password] = pair(":"); given.login = { email, password }; }
    else if (word === "--cookie") { const [name, text] = pair("="); given.cookie = { name, value: text }; }
    else if (word === "--shots") given.shots = value();
    else if (word === "--only") given.only = value();
    else if (word === "--pdf") given.pdf = true;
    else if (word.startsWith("--")) stop(`${word} is not known`);
    else if (given.address === null) given.address = word;
    else given.paths.push(word);
  }
  if (!given.samples && (given.address === null || given.paths.length === 0)) stop("give --samples, or an address and at least one path");
  return given;
}

function stop(message) {
  console.error(`check: ${message}`);
  process.exit(2);
}
