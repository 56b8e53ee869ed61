import { driftMetrics } from "../../config/delivery";
import type { DriftReport } from "./report";

/** What is put: how much has drifted, and that somebody has looked at all of it. */
export function metricsOf(report: DriftReport): { readonly name: string; readonly value: number }[] {
  const isComplete = report.incomplete.length === 0;
  const count = report.drifted.length;
  return [
    // Of an incomplete detection no 0, which would end an alarm.
    ...(isComplete || count > 0 ? [{ name: driftMetrics.driftedResources, value: count }] : []),
    ...(isComplete ? [{ name: driftMetrics.detectionCompleted, value: 1 }] : []),
  ];
}

/** SNS: a subject has 100 characters at most, ASCII, and begins with a letter, digit or punctuation. */
const longestSubject = 100;
const mostNamed = 20;

/** What is told; undefined where there is nothing to tell. */
export function notificationOf(
  report: DriftReport,
): { readonly subject: string; readonly message: string } | undefined {
  const { environment, drifted, incomplete } = report;
  if (drifted.length === 0 && incomplete.length === 0) return undefined;
  const named = drifted.slice(0, mostNamed).map(({ stackId, address, vanished, attributes }) => {
    const what = vanished ? "is gone" : attributes.map(({ path }) => path).join(", ");
    return `${stackId} ${address}: ${what.length > 200 ? `${what.slice(0, 200)}...` : what}`;
  });
  const left = drifted.length - named.length;
  const unknown = incomplete
    .slice(0, mostNamed)
    .map(({ stackId, why }) => `${stackId} couldn't be compared: ${why.split("\n")[0]}`);
  const subject = `Drift in ${environment}: ${counts(report)}`;
  return {
    subject: subject.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, longestSubject),
    message: [
      `${subject}.`,
      "",
      ...named,
      ...(left > 0 ? [`and ${left} more`] : []),
      ...unknown,
      "",
      `What to do: docs/operations/drift.md. Again, with values: tap drift --env ${environment}`,
    ].join("\n"),
  };
}

/** `3 resources, 1 of them gone; 2 stacks not compared` */
export function counts({ drifted, incomplete }: DriftReport): string {
  const gone = drifted.filter(({ vanished }) => vanished).length;
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    `${many(drifted.length, "resource")}${gone > 0 ? `, ${gone} of them gone` : ""}`,
    ...(incomplete.length > 0 ? [`${many(incomplete.length, "stack")} not compared`] : []),
  ].join("; ");
}
