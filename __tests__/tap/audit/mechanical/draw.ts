import { push } from "../../../../tap/graph/sorted";
import type { MechanicalMutation } from "./mutations";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Draws changes: each type of resource as often as every other one, of it each resource, of that each change. Otherwise
 * most would be parts of the largest policies.
 */
export function drawer(mutations: readonly MechanicalMutation[], random: () => number): () => MechanicalMutation {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const byType = new Map<string, Map<string, MechanicalMutation[]>>();
  for (const mutation of mutations) {
    const resources = byType.get(mutation.type) ?? new Map<string, MechanicalMutation[]>();
    byType.set(mutation.type, resources);
    const id = `${mutation.stack}/${mutation.address}`;
    push(resources, id, mutation);
  }
  const types = [...byType.values()].map((resources) => [...resources.values()]);
  return () => pick(pick(pick(types)));
}
