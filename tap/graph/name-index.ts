import { identities, scopeOf } from "./identities";
import type { GraphNode } from "./model";
import { push } from "./sorted";

/** Where a name is looked up: in the account and region of who uses it, unless it says otherwise. */
export interface Place {
  readonly stackId: string;
  readonly accountId: string | undefined;
  readonly region: string | undefined;
}

export function placeOf({ stack, accountId, region }: GraphNode): Place {
  return { stackId: stack.id, accountId, region };
}

/** Managed resources by type and name. */
export class NameIndex {
  private readonly byKey = new Map<string, GraphNode[]>();

  add(node: GraphNode): void {
    if (node.mode !== "managed" || node.physicalName === undefined) return;
    push(this.byKey, keyOf(node.type, node.physicalName, placeOf(node)), node);
  }

  named(type: string, name: string, place: Place): readonly GraphNode[] {
    return this.byKey.get(keyOf(type, name, place)) ?? [];
  }
}

/** An account or a region that isn't known is the stack's own: two unknown ones are not the same. */
function keyOf(type: string, name: string, { stackId, accountId, region }: Place): string {
  const identity = identities[type];
  const scope = identity === undefined ? "region" : scopeOf(identity);
  const account = scope === "global" ? "" : (accountId ?? `of ${stackId}`);
  const where = scope === "region" ? (region ?? `of ${stackId}`) : "";
  return `${type} ${account} ${where} ${name}`;
}
