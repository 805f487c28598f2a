// Takes the picture of the report that README.md shows.
//
//   node scripts/browser/picture.mjs http://127.0.0.1:8080 demo-data/demo.json docs/images/report.png
//
// Needs a running demonstration, and Chromium: CHROMIUM names it, or it is /usr/bin/chromium.
import { readFileSync } from "node:fs";
import process from "node:process";
import { chromium } from "playwright-core";

const [origin, demo, picture] = process.argv.slice(2);
if (!picture) {
  console.error("usage: picture.mjs URL DEMO_JSON PICTURE");
  process.exit(2);
}
const { accounts } = JSON.parse(readFileSync(demo, "utf8"));
const manager = accounts.find(({ role, agency }) => role === "manager" && agency === "justice");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1120, height: 1180 }, deviceScaleFactor: 1 });
await page.goto(`${origin}/sign-in`);
await page.fill("#email", manager.email);
await page.fill("#password", manager.password);
await page.click("main button[type=submit]");
await page.goto(`${origin}/trials/fines-letter/report`);
await page.screenshot({ path: picture });
await browser.close();
