import { differences } from "./difference";
import { isEcho } from "./echoes";
import type { DriftPlan, ResourceDrift } from "./plan-json";
import type { AttributeDrift, DriftedResource } from "./report";

/** What differs in a stack, from its refresh-only plan. */
export function driftIn(stackId: string, plan: DriftPlan): DriftedResource[] {
  return (plan.resource_drift ?? []).flatMap((resource): DriftedResource[] => {
    const { address, type, mode, change } = resource;
    if (mode !== "managed") return [];
    if (change.actions.includes("delete")) return [{ stackId, address, type, attributes: [], vanished: true }];
    const attributes = attributesOf(plan, resource);
    return attributes.length === 0 ? [] : [{ stackId, address, type, attributes, vanished: false }];
  });
}

function attributesOf(plan: DriftPlan, resource: ResourceDrift): AttributeDrift[] {
  const { before, after, before_sensitive: hiddenBefore, after_sensitive: hiddenAfter } = resource.change;
  const found = differences({ value: before, sensitive: hiddenBefore }, { value: after, sensitive: hiddenAfter });
  const paths = new Set(found.map(({ path }) => path));
  // Every tag stands in both; what is in one of them alone is kept.
  const isRepeated = ({ path }: AttributeDrift) =>
    path.startsWith("tags_all") && paths.has(path.replace("tags_all", "tags"));
  return found.filter((each) => !isRepeated(each) && !isEcho(plan, resource, each));
}
