#!/usr/bin/env node
// Fills in and sends the forms of a running demonstration as people do, by the keyboard alone, with the script and without it:
// from a pattern to a plan that waits for signatures, a question and its answer, a staying out, notes of harm, care and delivery, a list of people,
// a comment, a signature, a decision, and records taken away. Each form is first sent empty: it must come back with what is
// wrong, with the words typed before, and, with the script, with the focus on the summary of faults.
//
//   node scripts/browser/forms.mjs http://127.0.0.1:8080 demo.json      changes the demonstration: run it on one of its own
//
// Answers 0 when all is well, 1 when something was not as it should be, 2 for wrong use. CHROMIUM names another browser.
import { chromium } from "playwright-core";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";

const [address, described] = process.argv.slice(2);
if (!address || !described) {
  console.error("usage: forms.mjs URL DEMO.json");
  process.exit(2);
}
const origin = new URL(address).origin;
const demo = JSON.parse(await readFile(described, "utf8"));
const MOST_TABS = 150;
const faults = [];
let sent = 0;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

// The signatures and decisions that one demonstration has room for: one of each kind for each way.
const WAYS = [
  { script: true, width: 1280, signer: "privacy", decides: { agency: "social", trial: "call-script" } },
  { script: false, width: 320, signer: "maori_governance", decides: { agency: "transport", trial: "queue-ticket" } },
];
for (const way of WAYS) {
  await journey(way, "a wrong password", enteredWrongly);
  await journey(way, "a plan from a pattern", planned);
  await journey(way, "a question and its answer", asked);
  await journey(way, "a staying out", optedOut);
  await journey(way, "notes of harm, care and delivery", harmed);
  await journey(way, "a list of people", listed);
  await journey(way, "a comment and a signature", signed);
  await journey(way, "a decision", decided);
  await journey(way, "records taken away", taken);
}
await browser.close();
for (const fault of faults) console.log(`FAIL ${fault}`);
console.log(`${sent} forms sent by keyboard: ${faults.length === 0 ? "all well" : `${faults.length} faults`}`);
process.exit(faults.length === 0 ? 0 : 1);

// --- What people do.

async function planned(way, open) {
  const page = await open("designer", "health");
  const began = performance.now();
  let screens = 1;
  await page.goto(`${origin}/trials/new/steps`);
  await refused(page, "Save and go on");
  await type(page, "#title", `Does a shorter reminder bring more people in (${way.script ? "with" : "without"} script)?`);
  await choose(page, "pattern", "appointment_text");
  await choose(page, "aim", "better");
  await send(page, "Save and go on");
  const trial = new URL(page.url()).pathname.split("/")[2];
  // Whatever the pattern leaves open is filled in, step by step, until nothing is.
  for (let round = 0; round < 20; round += 1) {
    await page.goto(`${origin}/trials/${trial}/steps`);
    const open = await page.evaluate(() => [...document.querySelectorAll(".govuk-task-list__item")]
      .filter((item) => item.querySelector(".govuk-task-list__status")?.textContent.includes("To do"))
      .map((item) => item.querySelector("a")?.getAttribute("href")).filter(Boolean));
    screens += 1;
    if (open.length === 0) break;
    await page.goto(origin + open[0]);
    screens += 1;
    await fillWhatIsOpen(page);
    await send(page);
  }
  await page.goto(`${origin}/trials/${trial}/check`);
  screens += 1;
  expect(await page.locator("main").innerText(), /approval/i, "the check page leads to the approval");
  await send(page, "Send for approval");
  const seconds = (performance.now() - began) / 1000;
  expect(await page.locator("main").innerText(), /waits for signatures|waiting for|in review|signature/i, "the plan waits for signatures");
  console.log(`from a pattern to "send for approval": ${screens} screens, ${seconds.toFixed(1)} s by keyboard (${name(way)})`);
}

async function enteredWrongly(way, open) {
  const page = await open(null);
  const { email } = accountOf("ethics", "transport");
  await page.goto(`${origin}/sign-in`);
  await type(page, "#email", email);
  await type(page, "#password", "not the password");
  await send(page, "Sign in", 401);
  await errorAt(page, way, null);
  expect(await page.inputValue("#email"), /ethics@/, "the address typed before is still there");
}

async function asked(way, open) {
  const visitor = await open(null);
  const register = await (await visitor.request.get(`${origin}/register.json`)).json();
  const { code } = register.trials.find(({ trial }) => trial === "appointment-text");
  await visitor.goto(`${origin}/t/${code}/ask`);
  await refused(visitor, "Send");
  await choose(visitor, "kind", "question");
  await type(visitor, "#words", "call me on 021 555 0199");
  await send(visitor, "Send", 422);
  await errorAt(visitor, way, "words");
  expect(await visitor.inputValue("#words"), /021 555 0199/, "the words typed before are still there");
  await visitor.fill("#words", "");
  await type(visitor, "#words", `Why did I get a text (${name(way)})?`);
  await send(visitor, "Send");
  const reference = (await visitor.locator("main").innerText()).match(/me-[a-z0-9-]+/i)?.[0];
  if (!reference) throw new Error("no number was shown");

  const page = await open("contact_centre", "health");
  await page.goto(`${origin}/messages`);
  const card = page.locator(".ft-card", { hasText: name(way) }).first();
  await page.goto(origin + await card.locator("a").first().getAttribute("href"));
  await refused(page, "Answer");
  await type(page, "#words", "Because the clinic sends one before every visit.");
  await send(page, "Answer");

  await visitor.goto(`${origin}/t/${code}/ask`);
  await type(visitor, "#reference", reference);
  await send(visitor, "Look");
  expect(await visitor.locator("main").innerText(), /before every visit/, "whoever asked reads the answer");
}

async function optedOut(way, open) {
  const page = await open("contact_centre", "health");
  await page.goto(`${origin}/optouts`);
  await refused(page, "Write it down");
  await choose(page, "what", "begin");
  await type(page, "#unit", `person-${way.width}`);
  await choose(page, "kind", "all");
  await choose(page, "channel", "counter");
  await send(page, "Write it down");
  expect(await page.locator("main").innerText(), /oo-|reference|number/i, "a number was given for it");
}

async function harmed(way, open) {
  // Somebody must be in the trial: an app asks for them first.
  const unit = `visitor-${way.width}`;
  const { token } = demo.keys.find((key) => key.agency === "health" && key.environment === "live" && key.scopes.includes("assign"));
  const page = await open("contact_centre", "health");
  const assigned = await page.request.post(`${origin}/v1/trials/appointment-text/assignments`, {
    headers: { authorization: `Bearer ${token}` }, data: { unit, attributes: { region: "northern" } },
  });
  if (!assigned.ok()) throw new Error(`nobody was assigned: ${await assigned.text()}`);
  const today = new Date();
  const day = async () => {
    await type(page, "#at", String(today.getUTCDate()));
    await type(page, "#at-month", String(today.getUTCMonth() + 1));
    await type(page, "#at-year", String(today.getUTCFullYear()));
  };
  await page.goto(`${origin}/trials/appointment-text/notes/harm`);
  await refused(page, "Write it down");
  await type(page, "#unit", unit);
  await choose(page, "severity", "2");
  await type(page, "#kind", "distress");
  await day();
  await send(page, "Write it down");
  expect(await page.locator("main").innerText(), /written down|Harm/i, "the harm is on record");

  await page.goto(`${origin}/trials/appointment-text/notes/override`);
  await refused(page, "Write it down");
  await type(page, "#unit", unit);
  await choose(page, "to_arm", "usual");
  await type(page, "#reason_code", "hearing");
  await send(page, "Write it down");

  await page.goto(`${origin}/trials/appointment-text/notes/delivery`);
  await refused(page, "Write it down");
  await type(page, "#unit", unit);
  await choose(page, "status", "seen");
  await day();
  await send(page, "Write it down");
}

async function listed(way, open) {
  const page = await open("designer", "health");
  await page.goto(`${origin}/trials/appointment-text/batches`);
  await refused(page, "Send the list");
  const file = (rows) => ({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(`unit,attributes.region\n${rows}`) });
  await page.setInputFiles("#file", file(`list-${way.width}-1,nowhere\n`));
  await send(page, "Send the list", 422);
  expect(await page.locator("main").innerText(), /nowhere|region/i, "what is wrong with a line is told before anybody is assigned");
  await page.goto(`${origin}/trials/appointment-text/batches`);
  await page.setInputFiles("#file", file(`list-${way.width}-1,northern\nlist-${way.width}-2,southern\n`));
  await send(page, "Send the list");
  const list = new URL(page.url()).pathname;
  // Whoever sent it does not assign it: a second person looks at it first.
  const other = await open("approver", "health");
  await other.goto(origin + list);
  await send(other);
  expect(await other.locator("main").innerText(), /letters/i, "the file for the letters is there");
}

async function signed(way, open) {
  const page = await open(way.signer, "social");
  await page.goto(`${origin}/trials/rates-rebate/review`);
  await refused(page, "Add the comment");
  await pick(page, "#place", "data");
  await type(page, "#remark", `How long are the records needed (${name(way)})?`);
  await send(page, "Add the comment");
  expect(await page.locator("main").innerText(), new RegExp(`needed \\(${name(way)}\\)`), "the comment stands on the page");
  const may = await page.locator("button", { hasText: "Sign the plan" }).count();
  if (may > 0) {
    await send(page, "Sign the plan");
    expect(await page.locator("main").innerText(), /signature|signed/i, "the signature is told");
  } else if (way.script) {
    throw new Error(`${way.signer} has nothing to sign`);
  }
}

async function decided(way, open) {
  const { agency, trial } = way.decides;
  const page = await open("manager", agency);
  await page.goto(`${origin}/trials/${trial}/decision`);
  await refused(page, "Decide");
  await choose(page, "decision", "run_again");
  await type(page, "#reason", `We want to know it better (${name(way)}).`);
  await send(page, "Decide");
  expect(await page.locator("main").innerText(), /run again|again/i, "the decision is on record");
}

async function taken(way, open) {
  const page = await open("analyst", "justice");
  await page.goto(`${origin}/trials/fines-letter/data`);
  await refused(page, "Take the records away");
  await type(page, "#purpose", "To see whether districts differ");
  const download = page.waitForEvent("download");
  await focusOn(page, "main button[type=submit]");
  await page.keyboard.press("Enter");
  const file = await download;
  sent += 1;
  expect(file.suggestedFilename(), /records\.csv$/, "a file of records came");
}

// --- How they do it.

async function journey(way, what, walk) {
  const contexts = [];
  const open = async (role, agency) => {
    const context = await browser.newContext({
      viewport: { width: way.width, height: 800 }, javaScriptEnabled: way.script, locale: "en-NZ", acceptDownloads: true,
    });
    contexts.push(context);
    const page = await context.newPage();
    page.way = way;
    page.on("pageerror", (error) => faults.push(`${what} (${name(way)}): script: ${error.message}`));
    if (role) await signIn(page, role, agency);
    return page;
  };
  try {
    await walk(way, open);
  } catch (error) {
    faults.push(`${what} (${name(way)}): ${error.message.split("\n")[0]}`);
  }
  for (const context of contexts) await context.close();
}

function name(way) {
  return way.script ? "with script" : "without script";
}

async function signIn(page, role, agency) {
  const account = accountOf(role, agency);
  await page.goto(`${origin}/sign-in`);
  await type(page, "#email", account.email);
  await type(page, "#password", account.password);
  await send(page, "Sign in");
  if (new URL(page.url()).pathname === "/sign-in") throw new Error(`${role} could not sign in`);
}

function accountOf(role, agency) {
  const account = demo.accounts.find((account) => account.role === role && account.agency === agency);
  if (!account) throw new Error(`the demonstration has no ${role} of ${agency}`);
  return account;
}

// Goes on with the Tab key until what is wanted has the focus, which must be seen there.
async function focusOn(page, selector) {
  await page.evaluate(() => document.activeElement?.blur?.());
  for (let tab = 0; tab < MOST_TABS; tab += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate((selector) => {
      const element = document.activeElement;
      if (!element || !element.matches(selector)) return null;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const label = element.labels?.[0] ? getComputedStyle(element.labels[0], "::before") : style;
      const seen = [style, label].some((look) => (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none");
      return { seen, inside: box.top >= -1 && box.bottom <= innerHeight + 1 };
    }, selector);
    if (!found) continue;
    if (!found.seen) throw new Error(`the focus cannot be seen on ${selector}`);
    return;
  }
  throw new Error(`the Tab key does not lead to ${selector}`);
}

async function type(page, selector, text) {
  await focusOn(page, selector);
  await page.keyboard.type(text);
}

// In a list, one answer after the other by the arrow keys.
async function pick(page, list, value) {
  await focusOn(page, list);
  for (let step = 0; step < 80; step += 1) {
    if ((await page.inputValue(list)) === value) return;
    await page.keyboard.press("ArrowDown");
  }
  throw new Error(`the arrow keys do not lead to ${list} ${value}`);
}

// Chooses one of a group of radio buttons by the arrow keys.
async function choose(page, group, value) {
  await focusOn(page, `input[name="${group}"]`);
  await page.keyboard.press("Space");
  for (let step = 0; step < 20; step += 1) {
    const chosen = await page.evaluate((group) => document.querySelector(`input[name="${group}"]:checked`)?.value, group);
    if (chosen === value) return;
    await page.keyboard.press("ArrowDown");
  }
  throw new Error(`the arrow keys do not lead to ${group} ${value}`);
}

// Presses a button. The answer must have that status, or one that says that it was done.
async function send(page, label, status) {
  const marked = await page.evaluate((label) => {
    const buttons = [...document.querySelectorAll("main button[type=submit]")];
    const wanted = label ? buttons.filter((button) => button.textContent.trim() === label) : buttons;
    wanted[0]?.setAttribute("data-wanted", "");
    return wanted.length;
  }, label ?? null);
  if (marked === 0) throw new Error(`there is no button "${label}" at ${new URL(page.url()).pathname}`);
  await focusOn(page, "[data-wanted]");
  const [answer] = await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
  sent += 1;
  const found = answer.status();
  if (status ? found !== status : found >= 300) {
    const told = await page.locator("main").innerText();
    throw new Error(`"${label}" answers ${found} instead of ${status ?? "success"}: ${told.slice(0, 200).replaceAll("\n", " ")}`);
  }
}

// Sends a form as it is: it must come back with its faults.
async function refused(page, label) {
  await send(page, label, 422);
  await errorAt(page, page.way, undefined);
}

// The page tells what is wrong in its title and in a summary that has the focus, whose links lead to the fields.
async function errorAt(page, way, field) {
  const found = await page.evaluate(() => {
    const summary = document.querySelector(".govuk-error-summary");
    return {
      title: document.title,
      summary: summary !== null,
      focused: summary !== null && (document.activeElement === summary || summary.contains(document.activeElement)),
      links: [...(summary?.querySelectorAll("a") ?? [])].map((link) => link.getAttribute("href")),
      missing: [...(summary?.querySelectorAll("a[href^='#']") ?? [])].filter((link) => !document.getElementById(link.hash.slice(1))).length,
    };
  });
  const where = new URL(page.url()).pathname;
  if (!found.summary) throw new Error(`${where} has no summary of what is wrong`);
  if (!found.title.startsWith("Error")) throw new Error(`the title of ${where} does not begin with "Error": ${found.title}`);
  if (way.script && !found.focused) throw new Error(`the focus is not on the summary of ${where}`);
  if (found.missing > 0) throw new Error(`${found.missing} links of the summary of ${where} lead nowhere`);
  if (field && !found.links.includes(`#${field}`)) throw new Error(`the summary of ${where} does not lead to ${field}: ${found.links}`);
  if (found.links.length > 0 && field !== null) {
    await focusOn(page, ".govuk-error-summary a");
    await page.keyboard.press("Enter");
    const reached = await page.evaluate(() => document.activeElement?.id ?? "");
    const wanted = found.links[0].slice(1);
    if (way.script && reached !== wanted) throw new Error(`the first link of the summary of ${where} leads to "${reached}" instead of "${wanted}"`);
  }
}

// Writes something into every field of a step whose words stand in square brackets, which is what a pattern leaves open.
async function fillWhatIsOpen(page) {
  const open = await page.evaluate(() => [...document.querySelectorAll("main form input[type=text], main form textarea")]
    .filter((field) => field.value.includes("[")).map((field) => field.id));
  if (open.length === 0) throw new Error(`nothing is open at ${new URL(page.url()).pathname}`);
  for (const id of open) {
    await focusOn(page, `#${id}`);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type(`people with a booked visit (${id})`);
  }
}

function expect(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}: not found in "${text.slice(0, 160).replaceAll("\n", " ")}"`);
}
