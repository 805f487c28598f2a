// The provider for server programs: one request for each evaluation.
import assert from "node:assert/strict";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { ErrorCode, OpenFeature } from "@openfeature/server-sdk";

const { BASE, FRONTLINE } = process.env;
const client = async (token, domain) => {
  const provider = new OFREPProvider({ baseUrl: BASE, headers: [["Authorization", `Bearer ${token}`]] });
  await OpenFeature.setProviderAndWait(domain, provider);
  return OpenFeature.getClient(domain);
};

const door = await client(FRONTLINE, "door");
const fallback = { sign: "fallback" };
const seen = new Set();
for (let n = 0; n < 40; n += 1) {
  const context = { targetingKey: `server-client-${n}`, browser: "any", nested: { list: [1, 2] } };
  const first = await door.getObjectDetails("open-door", fallback, context);
  assert.equal(first.errorCode, undefined, first.errorMessage);
  assert.equal(first.reason, "SPLIT");
  assert.notDeepEqual(first.value, fallback);
  const again = await door.getObjectDetails("open-door", fallback, context);
  assert.deepEqual([again.variant, again.value], [first.variant, first.value], "a unit keeps its version");
  assert.equal(typeof first.flagMetadata.version, "string");
  seen.add(first.variant);
}
assert.ok(seen.size > 1, "more than one version is given");

const context = { targetingKey: "server-client-0" };
const unknown = await door.getObjectDetails("no-such-trial", fallback, context);
assert.deepEqual([unknown.value, unknown.errorCode], [fallback, ErrorCode.FLAG_NOT_FOUND]);
const nobody = await door.getObjectDetails("open-door", fallback, {});
assert.deepEqual([nobody.value, nobody.errorCode], [fallback, ErrorCode.TARGETING_KEY_MISSING]);
const named = await door.getObjectDetails("open-door", fallback, { targetingKey: "ana@example.org" });
assert.deepEqual([named.value, named.errorCode], [fallback, ErrorCode.INVALID_CONTEXT]);
const wrongType = await door.getBooleanDetails("open-door", false, context);
assert.deepEqual([wrongType.value, wrongType.errorCode], [false, ErrorCode.TYPE_MISMATCH]);
const stranger = await (await client("ft_live_nobody_nothing", "stranger")).getObjectDetails("open-door", fallback, context);
assert.deepEqual([stranger.value, typeof stranger.errorCode], [fallback, "string"]);

await OpenFeature.close();
console.log(`server provider: well (${[...seen].sort().join(", ")})`);
