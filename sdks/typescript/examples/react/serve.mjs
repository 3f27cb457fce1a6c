// Bundles the page and serves it. All that it takes of the credentials is public.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { build } from "esbuild";

const { values: chosen } = parseArgs({
  options: {
    credentials: { type: "string", default: "../../.vestibule/credentials.json" },
    port: { type: "string", default: "3000" },
  },
});
const { base_url, public_token } = JSON.parse(readFileSync(chosen.credentials, "utf8"));
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("app.tsx", import.meta.url))],
  bundle: true,
  minify: true,
  format: "esm",
  jsx: "automatic",
  write: false,
  define: {
    VESTIBULE_URL: JSON.stringify(base_url),
    PUBLIC_TOKEN: JSON.stringify(public_token),
    "process.env.NODE_ENV": '"production"',
  },
});
const script = outputFiles[0].contents;
const page = `<!doctype html><html lang="en"><title>A product on Vestibule</title>
<link rel="icon" href="data:,"><body><script type="module" src="/app.js"></script></body></html>`;

createServer((request, response) => {
  const isScript = request.url === "/app.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
  response.end(isScript ? script : page);
}).listen(Number(chosen.port), "127.0.0.1");
