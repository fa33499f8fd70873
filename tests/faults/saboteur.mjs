/**
 * Stands before the bundle in the function's folder and does nothing, until a viewer's header asks
 * it to damage WebAssembly's memory: then the whole of it is overwritten before the event is
 * handled, and what follows is a real trap of the real module.
 */
/** @type {Set<WeakRef<WebAssembly.Instance>>} */
const instances = new Set();

globalThis.WebAssembly.Instance = class extends WebAssembly.Instance {
  /** @param {ConstructorParameters<typeof WebAssembly.Instance>} args */
  constructor(...args) {
    super(...args);
    instances.add(new WeakRef(this));
  }
};

const { handler: real } = await import(new URL('nearhop.mjs', import.meta.url).href);

/** @param {any} event */
export async function handler(event) {
  const { config, request } = event.Records[0].cf;
  const isAsked = config.eventType === 'viewer-request' && 'x-sabotage' in request.headers;
  if (isAsked) for (const instance of instances) damage(instance.deref());
  return real(event);
}

/** @param {WebAssembly.Instance | undefined} instance */
function damage(instance) {
  const memory = instance?.exports.memory;
  // Wherever a pointer stood there is one that leads out of the memory now.
  if (memory instanceof WebAssembly.Memory) new Uint8Array(memory.buffer).fill(0xff);
}
