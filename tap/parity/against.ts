import { push } from "../graph/sorted";
import { type Difference, differencesOf } from "./differences";
import { type FolderStack, flattenStack } from "./flatten";

export type Change = "added" | "removed" | "changed";

/** What two folders differ in: the same environments at two points in time. */
export interface AgainstReport {
  readonly stacks: readonly ChangedStack[];
}

export interface ChangedStack {
  readonly stack: string;
  readonly change: Change;
  /** Of a stack that is there in both. */
  readonly resources: readonly ChangedResource[];
}

export interface ChangedResource {
  readonly address: string;
  readonly change: Change;
  readonly attributes: readonly ChangedAttribute[];
}

export interface ChangedAttribute {
  readonly path: string;
  readonly change: Change;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Stacks of two folders by their ids; what is the same is left out. */
export function compareFolders(before: readonly FolderStack[], after: readonly FolderStack[]): AgainstReport {
  const [old, now] = [before, after].map((stacks) => new Map(stacks.map(({ id, json }) => [id, json])));
  const ids = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
  return {
    stacks: ids.flatMap((stack): ChangedStack[] => {
      const [a, b] = [old?.get(stack), now?.get(stack)];
      if (a === undefined || b === undefined)
        return [{ stack, change: a === undefined ? "added" : "removed", resources: [] }];
      const differences = differencesOf(flattenStack(a), flattenStack(b));
      return differences.length === 0 ? [] : [{ stack, change: "changed", resources: byResource(differences) }];
    }),
  };
}

function byResource(differences: readonly Difference[]): ChangedResource[] {
  const resources = new Map<string, Difference[]>();
  for (const difference of differences) push(resources, difference.resource, difference);
  return [...resources.values()].map((own) => {
    const { address } = own[0] as Difference;
    const alone = own.find(({ path, before, after }) => path === "" && (before === undefined || after === undefined));
    if (alone) return { address, change: changeOf(alone), attributes: [] };
    return { address, change: "changed", attributes: own.map(changedAttribute) };
  });
}

function changedAttribute({ path, before, after }: Difference): ChangedAttribute {
  // A resource that is called otherwise is shown by its addresses, which are no JSON.
  const valueIn = (text: string): unknown => (path === "" ? text : JSON.parse(text));
  return {
    path: path === "" ? "address" : path,
    change: changeOf({ before, after }),
    ...(before === undefined ? {} : { before: valueIn(before) }),
    ...(after === undefined ? {} : { after: valueIn(after) }),
  };
}

function changeOf({ before, after }: Pick<Difference, "before" | "after">): Change {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}
