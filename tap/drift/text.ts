import { type DriftedResource, type DriftReport, shownValue } from "./report";
import { counts } from "./told";

/** For people: each resource with what differs, what is known, what couldn't be compared, and what to do. */
export function driftText(report: DriftReport): string {
  const parts = [headline(report), resources(report), rest(report), next(report)];
  return parts.filter((part) => part !== "").join("\n\n");
}

export function headline(report: DriftReport): string {
  const { environment, drifted, incomplete, compared, known } = report;
  const of = `${compared.length} ${compared.length === 1 ? "stack" : "stacks"} compared`;
  const answered = known.length === 0 ? "" : `, ${known.length} known`;
  if (drifted.length === 0 && incomplete.length === 0) return `${environment}: no drift (${of}${answered}).`;
  return `${environment}: ${counts(report)} (${of}${answered}).`;
}

function resources({ drifted, known }: DriftReport): string {
  const shown = [
    ...drifted.map((resource) => lines(resource, "")),
    ...known.map((resource) => lines(resource, ` (known until ${resource.until}: ${resource.reason})`)),
  ];
  return shown.join("\n");
}

function lines({ stackId, address, vanished, attributes }: DriftedResource, remark: string): string {
  const head = `${stackId} ${address}${vanished ? ": is gone" : ""}${remark}`;
  const differing = attributes.map(
    ({ path, state, actual }) => `  ${path}: ${shownValue(state)} in the state, ${shownValue(actual)} there`,
  );
  return [head, ...differing].join("\n");
}

function rest({ incomplete, notDeployed, remarks }: DriftReport): string {
  return [
    ...incomplete.map(({ stackId, why }) => `${stackId} couldn't be compared: ${why.replaceAll("\n", "\n  ")}`),
    ...(notDeployed.length === 0 ? [] : [`Not deployed: ${notDeployed.join(", ")}`]),
    ...remarks,
  ].join("\n");
}

function next({ environment, drifted, incomplete }: DriftReport): string {
  if (drifted.length > 0)
    return `Next: docs/operations/drift.md. What should be as the code says: tap plan --env ${environment}; what is right as it is: drift.json, with a reason and a day.`;
  return incomplete.length > 0 ? "Next: mend what couldn't be compared, and run the same command again." : "";
}
