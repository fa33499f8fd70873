/**
 * The running system with everybody who asks something of it.
 */
import { makePeople, signInSome } from './people.js';
import { startWorld } from './world.js';

/** Of each sort, and who signed in: refreshes are to be by different people. */
const HOLDERS = 20;
const VISITORS = 8;

/**
 * @returns {Promise<{ world: import('./world.js').World, people: import('./people.js').People }>}
 */
export async function startPeopledWorld() {
  const world = await startWorld();
  try {
    const { keys } = world.issuer;
    const holders = await makePeople(keys, HOLDERS);
    const visitors = await signInSome(world, keys.access, VISITORS);
    const secrets = [...world.secrets, ...holders.secrets, ...visitors.secrets];
    return { world, people: { ...holders, ...visitors, secrets } };
  } catch (error) {
    await world.close();
    throw error;
  }
}
