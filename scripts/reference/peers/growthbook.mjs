// Answers which version a person gets by GrowthBook's own library in node's own server, one worker for each core: a peer for
// scripts/bench http. It takes the request of our API and ignores address and key.
//
//   node scripts/reference/peers/growthbook.mjs
import cluster from "node:cluster";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import process from "node:process";
import { GrowthBookClient } from "@growthbook/growthbook";

const TRIAL = "open-door";

if (cluster.isPrimary) {
  const workers = availableParallelism();
  let listening = 0;
  for (let n = 0; n < workers; n += 1) cluster.fork();
  cluster.on("listening", (_, { port }) => {
    listening += 1;
    if (listening === workers) console.log(`GrowthBook answers at http://127.0.0.1:${port}`);
  });
  process.on("SIGTERM", () => process.exit(0));
} else {
  const rule = { key: TRIAL, variations: ["usual", "new"], weights: [0.5, 0.5], hashAttribute: "id", coverage: 1 };
  const payload = { features: { [TRIAL]: { defaultValue: "usual", rules: [rule] } } };
  const client = new GrowthBookClient().initSync({ payload });
  const answer = (response, status, value) => {
    const body = JSON.stringify(value);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  };
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      let unit;
      try {
        ({ unit } = JSON.parse(Buffer.concat(parts).toString() || "{}"));
      } catch {
        return answer(response, 400, { error: "not JSON" });
      }
      const { value, source, experimentResult } = client.evalFeature(TRIAL, { attributes: { id: String(unit) } });
      return answer(response, 200, { trial: TRIAL, arm: value, source, bucket: experimentResult?.bucket });
    });
  });
  server.listen(0, "127.0.0.1");
}
