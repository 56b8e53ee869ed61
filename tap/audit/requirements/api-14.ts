import { parseJsonText } from "../../graph/json-text";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement, type Subject } from "../requirement";
import type { StackJson } from "../stack-json";

interface Shown {
  readonly namespace: string;
  /** The first holds the name of the thing. */
  readonly dimensions: readonly [string, ...string[]];
  readonly metric: string;
  readonly statistic: string;
}

/** What is looked at when something is wrong with the API. */
const shown: readonly Shown[] = [
  ...api("Count", "Sum"),
  ...api("4XXError", "Sum"),
  ...api("5XXError", "Sum"),
  ...api("Latency", "p99"),
  ...webAcl("AllowedRequests"),
  ...webAcl("BlockedRequests"),
  ...lambda("Invocations", "Sum"),
  ...lambda("Errors", "Sum"),
  ...lambda("Throttles", "Sum"),
  ...lambda("Duration", "Maximum"),
  ...lambda("ConcurrentExecutions", "Maximum"),
  ...queue("ApproximateNumberOfMessagesVisible"),
  ...queue("ApproximateAgeOfOldestMessage"),
  ...stream("GetRecords.IteratorAgeMilliseconds", "Maximum"),
  ...stream("IncomingRecords", "Sum"),
  ...stream("WriteProvisionedThroughputExceeded", "Sum"),
];

export const api14: Requirement = {
  id: "API-14",
  checks:
    "Each region has one dashboard, which shows what is there of this environment: requests, refusals, failures and latency of APIs, what the web ACL lets in and keeps out, invocations, errors, throttles, duration and concurrency of functions, depth and age of queues, what streams take and refuse and how far their readers are behind.",
  why: "In the middle of an incident nobody puts graphs together; one of another region or environment shows that all is well.",
  judge: (subject) => [
    ...inEachRegion(subject),
    ...judgeEach(subject, "observability", (stack) => dashboard(subject, stack)),
  ],
};

function inEachRegion({ stacks, environments }: Subject): Finding[] {
  return environments.flatMap(({ environmentSuffix, regionNames }) =>
    regionNames
      .map((region) => `tap-observability-${environmentSuffix}-${region}`)
      .filter((id) => !stacks.some((stack) => stack.id === id))
      .map((id) => ({ stack: id, message: "is missing: its region has no dashboard" })),
  );
}

function dashboard({ graph }: Subject, stack: StackJson): Finding[] {
  const [node, ...others] = nodesIn(graph, stack, "aws_cloudwatch_dashboard");
  if (node === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one dashboard" }];
  const widgets = widgetsOf(node.attributes.dashboard_body);
  return [
    ...shown.flatMap((each) => {
      const search = searchOf(each, stack.environmentSuffix);
      return expectThat(
        widgets.filter((widget) => shows(widget, search, stack.region)).length === 1,
        stack,
        `must show ${search} once, of ${stack.region}`,
        node.address,
      );
    }),
    ...expectThat(
      widgets.every(({ region }) => region === stack.region),
      stack,
      `must show ${stack.region}, and no other region`,
      node.address,
    ),
    ...expectThat(!overlap(widgets), stack, "has widgets of no size, or one on top of the other", node.address),
  ];
}

interface Widget {
  readonly region: unknown;
  readonly metrics: unknown;
  readonly view: unknown;
  readonly accountId: unknown;
  readonly place: readonly number[];
}

function widgetsOf(body: unknown): Widget[] {
  const parsed = typeof body === "string" ? parseJsonText(body) : undefined;
  return (isObject(parsed) ? blocksOf(parsed, "widgets") : []).map((widget) => {
    const { region, metrics, view, accountId } = blocksOf(widget, "properties")[0] ?? {};
    const place = [widget.x, widget.y, widget.width, widget.height].map(Number);
    return { region, metrics: widget.type === "metric" ? metrics : [], view, accountId, place };
  });
}

/** One search alone, as a graph over time, visible. */
function shows({ metrics, view, region, accountId }: Widget, search: string, ownRegion: string): boolean {
  const rows = Array.isArray(metrics) ? metrics : [];
  const [row] = rows;
  const [options] = Array.isArray(row) && row.length === 1 ? row : [];
  return (
    rows.length === 1 &&
    isObject(options) &&
    options.expression === search &&
    (options.visible ?? true) === true &&
    (options.region ?? ownRegion) === ownRegion &&
    options.accountId === undefined &&
    accountId === undefined &&
    view === "timeSeries" &&
    region === ownRegion
  );
}

/** Unquoted words match parts of a name between hyphens: `tap`, and the suffix (CloudWatch user guide, search expression syntax). */
function searchOf({ namespace, dimensions, metric, statistic }: Shown, environmentSuffix: string): string {
  const [name] = dimensions;
  return `SEARCH('{${[namespace, ...dimensions].join(",")}} MetricName="${metric}" ${name}=tap ${name}=${environmentSuffix}', '${statistic}', 60)`;
}

function overlap(widgets: readonly Widget[]): boolean {
  return widgets.some(({ place: [x = Number.NaN, y = Number.NaN, width = 0, height = 0] }, index) => {
    const isThere = x >= 0 && y >= 0 && width >= 1 && height >= 1 && x + width <= 24;
    const isOn = ({ place: [x2 = 0, y2 = 0, width2 = 0, height2 = 0] }: Widget) =>
      x < x2 + width2 && x2 < x + width && y < y2 + height2 && y2 < y + height;
    return !isThere || widgets.slice(0, index).some(isOn);
  });
}

function api(metric: string, statistic: string): Shown[] {
  return [{ namespace: "AWS/ApiGateway", dimensions: ["ApiName"], metric, statistic }];
}

function webAcl(metric: string): Shown[] {
  return [{ namespace: "AWS/WAFV2", dimensions: ["WebACL", "Region", "Rule"], metric, statistic: "Sum" }];
}

function lambda(metric: string, statistic: string): Shown[] {
  return [{ namespace: "AWS/Lambda", dimensions: ["FunctionName"], metric, statistic }];
}

function stream(metric: string, statistic: string): Shown[] {
  return [{ namespace: "AWS/Kinesis", dimensions: ["StreamName"], metric, statistic }];
}

function queue(metric: string): Shown[] {
  return [{ namespace: "AWS/SQS", dimensions: ["QueueName"], metric, statistic: "Maximum" }];
}
