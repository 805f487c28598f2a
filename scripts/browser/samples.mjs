// Serves the pages that the tests of crates/pages leave in target/tmp/pages, with the files of web/dist, under the same
// content security policy as the real server.
import { createServer } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "tmp/pages");
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".json": "application/json" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

export async function serveSamples() {
  const names = (await readdir(PAGES)).filter((name) => name.endsWith(".html")).sort();
  const server = createServer(async (request, answer) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = path.startsWith("/assets/") ? join(ROOT, "web/dist", basename(path))
      : path === "/openapi.json" ? join(ROOT, "docs/openapi.json") : join(PAGES, basename(path));
    // The viewer of the interface fetches the description that it shows, as it may on the real server.
    const policy = path.startsWith("/interface-") ? `${POLICY}; connect-src 'self'` : POLICY;
    try {
      const bytes = await readFile(file);
      answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", "content-security-policy": policy });
      answer.end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    paths: names.map((name) => `/${name}`),
    close: () => server.close(),
  };
}
