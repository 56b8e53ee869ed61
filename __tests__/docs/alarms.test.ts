import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resourcesOf } from "../../tap/audit/stack-json";
import { blocksOf } from "../../tap/graph/terraform-json";
import { projectRoot } from "../support/project";
import { environmentNames, subjectOf } from "../support/synthesized";

interface Entry {
  readonly ending: string;
  readonly metrics: string;
  readonly text: string;
}

const entries: readonly Entry[] = readFileSync(join(projectRoot, "docs", "operations", "alarms.md"), "utf8")
  .split(/^### /m)
  .slice(1)
  .map((section) => {
    const [, ending = "", metrics = "", text = ""] = /^`([a-z-]+)`\n\nMetric: (.*)\.\n\n([^#]+)/.exec(section) ?? [];
    return { ending, metrics, text };
  });

/** What an alarm is on, as the runbook has it: the namespace once, and its metrics. */
function metricsOf(attributes: Record<string, unknown>): string {
  const queries = blocksOf(attributes, "metric_query").flatMap((query) => blocksOf(query, "metric"));
  const all = queries.length === 0 ? [attributes] : queries;
  return `${all[0]?.namespace} ${[...new Set(all.map(({ metric_name }) => metric_name))].join(", ")}`;
}

const alarms = environmentNames.flatMap((environment) =>
  subjectOf(environment, { alone: true }).stacks.flatMap((stack) =>
    resourcesOf(stack, "aws_cloudwatch_metric_alarm").map(({ attributes }) => ({
      name: String(attributes.alarm_name).replace(new RegExp(`-${environment}-[a-z]{2}-[a-z]+-\\d$`), ""),
      metrics: metricsOf(attributes),
    })),
  ),
);

/** Of its metric, the longest ending: dead letters are another matter than the queue. */
const entryOf = ({ name, metrics }: (typeof alarms)[number]) =>
  entries
    .filter((entry) => entry.metrics === metrics && (name === entry.ending || name.endsWith(`-${entry.ending}`)))
    .sort((a, b) => b.ending.length - a.ending.length)[0];

describe("the runbook of alarms", () => {
  test("has its entries in the one form", () => {
    expect(entries.length).toBeGreaterThan(15);
    expect(entries.filter(({ ending, metrics, text }) => !ending || !metrics || text.length < 60)).toEqual([]);
    const endings = entries.map(({ ending }) => ending);
    expect(new Set(endings).size).toBe(endings.length);
  });

  test("has an entry for every alarm of every environment, of the metric that it is on", () => {
    expect(alarms.length).toBeGreaterThan(200);
    const without = alarms.filter((alarm) => entryOf(alarm) === undefined);
    expect([...new Set(without.map(({ name, metrics }) => `${name}: ${metrics}`))]).toEqual([]);
  });

  test("has no entry that no alarm is of", () => {
    const used = new Set(alarms.map(entryOf));
    expect(entries.filter((entry) => !used.has(entry)).map(({ ending }) => ending)).toEqual([]);
  });
});
