// Bundles the source in the first argument as a page would get it, and says what it weighs.

import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const { outputFiles } = await build({
  stdin: { contents: process.argv[2], resolveDir: process.cwd() },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const [{ contents, text }] = outputFiles;
console.log(JSON.stringify({ gzipped: gzipSync(contents, { level: 9 }).length, text }));
