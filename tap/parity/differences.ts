import type { FlatResource, FlatStack } from "./flatten";

/** Where a stack is otherwise than another: an attribute, or, without a path, a resource that only one of them has. */
export interface Difference {
  /** What the resource is called in both. */
  readonly resource: string;
  readonly address: string;
  readonly path: string;
  /** JSON of the attribute; of a resource that is there, its address. Undefined: isn't there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type IsSame = (before: string | undefined, after: string | undefined) => boolean;

/** All differences of two stacks, in the order in which they are written. */
export function differencesOf(before: FlatStack, after: FlatStack, isSame: IsSame = Object.is): Difference[] {
  return unionOf(before.keys(), after.keys()).flatMap((resource) =>
    resourceDifferences(resource, before.get(resource), after.get(resource), isSame),
  );
}

function resourceDifferences(
  resource: string,
  before: FlatResource | undefined,
  after: FlatResource | undefined,
  isSame: IsSame,
): Difference[] {
  const address = (after ?? before)?.address ?? resource;
  if (before === undefined || after === undefined)
    return [{ resource, address, path: "", before: before?.address, after: after?.address }];
  const renamed = { resource, address, path: "", before: before.address, after: after.address };
  const attributes = unionOf(before.leaves.keys(), after.leaves.keys()).map((path) => ({
    resource,
    address,
    path,
    before: before.leaves.get(path),
    after: after.leaves.get(path),
  }));
  return [renamed, ...attributes].filter((difference) => !isSame(difference.before, difference.after));
}

/** What a stack has in the place of a difference. */
export function valueAt(stack: FlatStack, { resource, path }: Difference): string | undefined {
  const found = stack.get(resource);
  return path === "" ? found?.address : found?.leaves.get(path);
}

/** The same for the same place, in whatever stack. */
export function placeOf({ resource, path }: Difference): string {
  return `${resource}\n${path}`;
}

function unionOf(first: Iterable<string>, second: Iterable<string>): string[] {
  return [...new Set([...first, ...second])];
}
