/**
 * What a worker's WebAssembly exports: the names `export!` gives in worker/src/instance.rs, and
 * wasm-bindgen's own. Numbers are offsets into the memory or lengths, in bytes.
 */
export interface Exports {
  memory: WebAssembly.Memory;
  cloudfront_input(length: number): number;
  cloudfront_output(): number;
  /** Not there in a snapshot. */
  cloudfront_configure?(length: number): number;
  cloudfront_start(length: number, seed: bigint): void;
  /** The number by which a head may name a header from now on; -1 for one to be written out. */
  cloudfront_name(length: number): number;
  cloudfront_handle(
    values: number,
    length: number,
    now: number,
    bodyLength: number,
  ): number;
  cloudfront_record(length: number, tag: number, fault: number, now: number): number;
  __wbindgen_start?(): void;
}

declare global {
  /** Of Node, though @types/node leaves them to the types of browsers: what the modules here use. */
  namespace WebAssembly {
    type Exports = Record<string, unknown>;
    type Imports = Record<string, Record<string, unknown>>;
    class Module {
      constructor(bytes: Uint8Array);
      static imports(module: Module): { module: string; name: string; kind: string }[];
      static exports(module: Module): { name: string; kind: string }[];
    }
    class Instance {
      constructor(module: Module, imports?: Imports);
      readonly exports: Exports;
    }
    class Memory {
      readonly buffer: ArrayBuffer;
      grow(pages: number): number;
    }
    class RuntimeError extends Error {}
    class CompileError extends Error {}
  }

  /** What `Buffer#write` and `Buffer#toString` call for one encoding. */
  interface Buffer {
    latin1Write(text: string, offset: number): number;
    utf8Write(text: string, offset: number): number;
    latin1Slice(start: number, end: number): string;
    utf8Slice(start: number, end: number): string;
  }
}
