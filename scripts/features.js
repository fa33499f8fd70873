import binaryen from 'binaryen';

/**
 * The features of WebAssembly that scripts/build lets into a module. What Binaryen writes with more,
 * Node 20 refuses.
 */
export const FEATURES =
  binaryen.Features.BulkMemory |
  binaryen.Features.Multivalue |
  binaryen.Features.MutableGlobals |
  binaryen.Features.NontrappingFPToInt |
  binaryen.Features.ReferenceTypes |
  binaryen.Features.SIMD128 |
  binaryen.Features.SignExt;
