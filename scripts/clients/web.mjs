// The provider for browsers: all flags at once, kept, and asked for again when the server says that something moved.
import assert from "node:assert/strict";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "./event_source.mjs";

const { BASE, FRONTLINE, MANAGER } = process.env;

// What goes over the wire, as a page would see it: the origin is another one, so the answer must let it be read.
const calls = [];
const watched = async (...request) => {
  const asked = new Request(...request);
  asked.headers.set("origin", "https://app.example");
  const response = await fetch(asked);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.match(response.headers.get("access-control-expose-headers") ?? "", /ETag/);
  calls.push({ status: response.status, url: new URL(asked.url), known: asked.headers.get("if-none-match") });
  return response;
};
const streams = [];
globalThis.EventSource = class extends EventSource {
  constructor(url) {
    super(url);
    streams.push(this);
  }
};

const until = async (what, condition) => {
  for (let n = 0; n < 200; n += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what} did not happen within ten seconds; seen: ${JSON.stringify(calls)}`);
};

// A browser asks beforehand whether it may send these headers.
const beforehand = await fetch(`${BASE}/ofrep/v1/evaluate/flags`, {
  method: "OPTIONS",
  headers: { origin: "https://app.example", "access-control-request-method": "POST" },
});
assert.match(beforehand.headers.get("access-control-allow-methods") ?? "", /POST/);
for (const name of ["authorization", "x-api-key", "content-type", "if-none-match"]) {
  assert.ok((beforehand.headers.get("access-control-allow-headers") ?? "").toLowerCase().includes(name), name);
}

const provider = new OFREPWebProvider({
  baseUrl: BASE,
  headers: [["Authorization", `Bearer ${FRONTLINE}`]],
  fetchImplementation: watched,
  cacheMode: "disabled",
  pollInterval: 300,
  changeDetection: "polling",
});
await OpenFeature.setContext({ targetingKey: "web-client-1", browser: "any" });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const fallback = { sign: "fallback" };
const first = client.getObjectDetails("open-door", fallback);
assert.equal(first.errorCode, undefined, first.errorMessage);
assert.deepEqual([first.reason, calls[0].status], ["SPLIT", 200]);
await until("an answer that says nothing has changed", () => calls.length > 1);
assert.equal(calls[1].status, 304, "the very next time nothing has changed");
assert.ok(calls[1].known);
const unknown = client.getObjectDetails("no-such-trial", fallback);
assert.deepEqual([unknown.value, unknown.errorCode], [fallback, "FLAG_NOT_FOUND"]);
await OpenFeature.close();

// With server-sent events instead of asking now and then.
calls.length = 0;
const listening = new OFREPWebProvider({
  baseUrl: BASE,
  headers: [["Authorization", `Bearer ${FRONTLINE}`]],
  fetchImplementation: watched,
  cacheMode: "disabled",
});
let changed = 0;
OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, () => { changed += 1; });
await OpenFeature.setProviderAndWait(listening);
await until("the stream to open", () => streams.some((stream) => stream.readyState === 1));
assert.ok(streams[0].url.startsWith(`${BASE}/ofrep/v1/stream?pass=`), "the address is on the same server");
const act = async (verb) => {
  const response = await fetch(`${BASE}/v1/trials/open-door/${verb}`, {
    method: "POST",
    headers: { authorization: `Bearer ${MANAGER}`, "content-type": "application/json" },
    body: JSON.stringify({ reason: "a try of the stream" }),
  });
  assert.equal(response.status, 200, await response.text());
};
await act("suspend");
await until("the flags to be asked for again", () => calls.some((call) => call.url.searchParams.has("flagConfigEtag")));
const again = calls.find((call) => call.url.searchParams.has("flagConfigEtag"));
assert.ok(Number(again.url.searchParams.get("flagConfigLastModified")) > 0);
await until("the app to hear of it", () => changed > 0);
const suspended = OpenFeature.getClient().getObjectDetails("open-door", fallback);
assert.equal(suspended.reason, "DISABLED", "everybody gets the current version now");
const refused = await fetch(streams[0].url.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
assert.equal(refused.status, 401, "a pass that was changed opens nothing");
await OpenFeature.close();
console.log("web provider: well (200, then 304; asked again after a message of the stream)");
process.exit(0);
