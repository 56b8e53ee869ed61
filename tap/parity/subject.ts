import type { Environment } from "../../config/environment";
import type { PlannedStack } from "../../main";
import { parseStackId } from "../graph/stack-id";
import type { Attributes } from "../graph/terraform-json";
import { idOf } from "../selection";
import { type Difference, differencesOf } from "./differences";
import { type FolderStack, flattenStack } from "./flatten";
import { isOfAccount, type Synthesized, stacksByPlace } from "./laboratory";
import { remember } from "./remember";
import type { Declared } from "./settings";

/** A declared environment with its stacks: as they are in the folder, and as the configuration gives them. */
export interface Subject extends Declared {
  readonly name: string;
  /** By place: `jobs primary`. */
  readonly planned: ReadonlyMap<string, PlannedStack>;
  /** Ids of stacks that the folder has, and the configuration doesn't give. */
  readonly unplanned: readonly string[];
  isInFolder(place: string): boolean;
  /** As the configuration gives it. */
  given(place: string): Synthesized;
  /** Where the folder has something else: `before` as given, `after` as it is. */
  changes(place: string): readonly Difference[];
}

/** @param synthesize makes what the configuration gives */
export function subjectOf(
  environment: Environment,
  stacks: readonly FolderStack[],
  sources: readonly unknown[],
  synthesize: (stack: PlannedStack) => Synthesized,
): Subject {
  const name = environment.environmentSuffix;
  const planned = stacksByPlace(environment);
  const ids = new Map([...planned].map(([place, stack]) => [idOf(stack), place]));
  const own = stacks.filter(({ id }) => parseStackId(id)?.environmentSuffix === name);
  const inFolder = new Map(own.map(({ id, json }) => [ids.get(id) ?? id, json]));
  const synthesized = new Map<string, Synthesized>();
  const given = (place: string) => remember(synthesized, place, () => synthesize(planned.get(place) as PlannedStack));
  const changes = new Map<string, readonly Difference[]>();
  return {
    name,
    environment,
    config: sources.find((source) => (source as Attributes).environment === name) as Attributes,
    planned,
    unplanned: own.map(({ id }) => id).filter((id) => !ids.has(id)),
    isInFolder: (place) => inFolder.has(place),
    given,
    changes: (place) =>
      remember(changes, place, () => {
        const found = inFolder.get(place);
        return found === undefined ? [] : differencesOf(flattenStack(given(place).json), flattenStack(found));
      }),
  };
}

/** Whether two environments both have a stack, or one of them lacks it: what an account has once is its own. */
export function isComparable(first: Subject, second: Subject, place: string): boolean {
  const [a, b] = [first.planned.get(place), second.planned.get(place)];
  if (a !== undefined && b !== undefined) return true;
  const only = a ?? b;
  return only !== undefined && !isOfAccount(only.component);
}
