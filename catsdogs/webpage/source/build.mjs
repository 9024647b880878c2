// Bundles these sources and LiteRT.js into ../built/: run `make web` after a change.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LITERT = "node_modules/@litertjs/core";
// Without relaxed SIMD: one file for every browser, at the same speed in float32 (docs/log.md).
const WASM = `${LITERT}/wasm/litert_wasm_compat_internal`;

const options = {
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  external: ["node:*"], // LiteRT.js asks for them only outside of a browser.
  banner: { js: readFileSync("licences.txt", "utf8") },
  // The package fetches its code from an address; ours is given it.
  alias: { "@litertjs/wasm-utils": "./wasm.js" },
  plugins: [{ name: "litert-loader", setup: addLoader }],
};
await build({ ...options, entryPoints: ["main.js"], outfile: "../built/page.js", format: "iife" });
await build({ ...options, entryPoints: ["camera.js"], outfile: "../built/camera.js", format: "esm" });
writeFileSync("../built/litert.wasm.gz", gzipSync(readFileSync(`${WASM}.wasm`), { level: 9 }));
writeFileSync("../built/sources.sha256", `${digest()}\n`);

// The loader defines a global variable: make it a module.
function addLoader({ onResolve, onLoad }) {
  onResolve({ filter: /^litert-loader$/ }, () => ({ path: "litert-loader", namespace: "litert" }));
  onLoad({ filter: /.*/, namespace: "litert" }, () => ({
    contents: `${readFileSync(`${WASM}.js`, "utf8").split("// Export using a UMD")[0]}
export default ModuleFactory;`,
  }));
}

// The same as `webpage.page.source_digest`: the names and contents of all source files, in order.
function digest() {
  const hash = createHash("sha256");
  const names = readdirSync(".", { withFileTypes: true }).filter((one) => one.isFile());
  for (const name of names.map((one) => one.name).sort()) {
    hash.update(`${name}\n`).update(readFileSync(name));
  }
  return hash.digest("hex");
}
