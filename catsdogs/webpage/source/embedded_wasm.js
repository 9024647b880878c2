// Takes the place of @litertjs/wasm-utils, which loads code from an address.
import ModuleFactory from "litert-loader";
import { embedded } from "./embedded.js";

/** Return LiteRT, started from the WebAssembly in the page. */
export async function createWasmLib(LiteRt) {
  const wasmBinary = await embedded("wasm");
  // LiteRT writes its log as errors; real ones are exceptions.
  return new LiteRt(await ModuleFactory({ wasmBinary, printErr: console.debug }));
}
