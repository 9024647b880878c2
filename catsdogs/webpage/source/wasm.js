// Takes the place of @litertjs/wasm-utils, which loads code from an address.
import ModuleFactory from "litert-loader";

let wasmBinary;

/** Set the bytes of LiteRT's WebAssembly, before LiteRT starts. */
export function provide(bytes) {
  wasmBinary = bytes;
}

/** Return LiteRT, started from those bytes. */
export async function createWasmLib(LiteRt) {
  // LiteRT writes its log as errors; real ones are exceptions.
  return new LiteRt(await ModuleFactory({ wasmBinary, printErr: console.debug }));
}
