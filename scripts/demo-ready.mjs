// Waits until a demonstration answers, then says where it is and how to sign in.
//
//   node scripts/demo-ready.mjs demo-data/demo.json PID
//
// PID is the demonstration's own process: this ends with 1 when that one has ended first. The last line printed is the
// address alone, for scripts that read it.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const [path, pid] = process.argv.slice(2);
if (!path || !(Number(pid) > 0)) {
  console.error("usage: node scripts/demo-ready.mjs DEMO.json PID");
  process.exit(2);
}

/** The description of the demonstration, once it is written whole. */
function description() {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function answers(address) {
  try {
    return (await fetch(new URL("/readyz", address))).ok;
  } catch {
    return false;
  }
}

function stillRuns() {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

let demo;
while (!(demo = description()) || !(await answers(demo.base_url))) {
  if (!stillRuns()) {
    console.error(`the demonstration (process ${pid}) ended before it answered`);
    process.exit(1);
  }
  await wait(200);
}

console.log("\nSign in with any of these (made-up people, for the demonstration only):\n");
const width = Math.max(...demo.accounts.map(({ email }) => email.length));
for (const { role, email, password, agency } of demo.accounts) {
  console.log(`  ${email.padEnd(width)}  ${password}  ${role}${agency ? `, ${agency}` : ""}`);
}
console.log(`\nKeys for programs and the list of trials are in ${path}. Ctrl-C ends the demonstration. Look here:\n`);
console.log(demo.base_url);
