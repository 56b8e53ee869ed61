import { alarmTopicArn } from "../../../config/alarm-topic";
import { loadEnvironments } from "../../../config/load";
import { securityNames } from "../../../constructs/names";
import { driftMarkdown } from "../../../tap/drift/markdown";
import type { DriftReport } from "../../../tap/drift/report";
import { driftText } from "../../../tap/drift/text";
import { metricsOf, notificationOf } from "../../../tap/drift/told";

const report = (rest: Partial<DriftReport> = {}): DriftReport => ({
  ...{ environment: "prod", drifted: [], known: [], incomplete: [], notDeployed: [], compared: ["s"], remarks: [] },
  ...rest,
});
const drifted = (count: number, path = "tags.X", value: unknown = 1) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ stackId: "s", address: `aws_sqs_queue.Q${index}`, type: "aws_sqs_queue", vanished: false },
    attributes: [{ path, state: 0, actual: value }],
  }));
const incomplete = [{ stackId: "t", why: "no credentials\nand more" }];

describe("what is told of drift", () => {
  test("PLAT-09 the metric counts what nobody answers for; of an incomplete detection there is no 0, and it isn't complete", () => {
    const values = (given: DriftReport) => Object.fromEntries(metricsOf(given).map(({ name, value }) => [name, value]));
    expect(values(report())).toEqual({ DriftedResources: 0, DriftDetectionCompleted: 1 });
    expect(values(report({ drifted: drifted(3) }))).toEqual({ DriftedResources: 3, DriftDetectionCompleted: 1 });
    expect(values(report({ drifted: drifted(3), incomplete }))).toEqual({ DriftedResources: 3 });
    expect(values(report({ incomplete }))).toEqual({});
  });

  test("PLAT-09 the notification has counts and the first resources, in a subject that SNS takes", () => {
    expect(notificationOf(report())).toBeUndefined();
    const { subject, message } = notificationOf(report({ drifted: drifted(25), incomplete })) ?? {
      subject: "",
      message: "",
    };
    expect(subject).toBe("Drift in prod: 25 resources; 1 stack not compared");
    expect(message).toContain("s aws_sqs_queue.Q0: tags.X");
    expect(message).toContain("and 5 more");
    expect(message).toContain("t couldn't be compared: no credentials");
    expect(message).not.toContain("and more\n");
    const long = notificationOf(report({ environment: "é".repeat(200), drifted: drifted(1) }));
    expect(long?.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
  });

  test("PLAT-09 it goes to the topic of the environment's alarms", () => {
    const all = [...loadEnvironments({}), ...loadEnvironments({ environmentSuffix: "pr1234567890" })];
    for (const environment of all)
      expect(alarmTopicArn(environment)).toBe(securityNames(environment, environment.region).alarmTopicArn);
  });

  test("for people: who differs from whom", () => {
    const text = driftText(
      report({ drifted: drifted(1), notDeployed: ["n"], remarks: ["an entry ended"], incomplete }),
    );
    expect(text).toContain("prod: 1 resource; 1 stack not compared (1 stack compared).");
    expect(text).toContain("tags.X: 0 in the state, 1 there");
    expect(text).toContain("Not deployed: n");
    expect(text).toContain("an entry ended");
    expect(text).toContain("tap plan --env prod");
    expect(driftText(report())).toBe("prod: no drift (1 stack compared).");
  });

  test("what isn't code mentions nobody: GitHub looks for mentions where entities are characters again", () => {
    const markdown = driftMarkdown(report({ remarks: ["ask @everyone"] }));
    expect(markdown.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))).toContain(
      "@\u200beveryone",
    );
  });

  test("hostile values stay within their cell", () => {
    const hostile = "`|\n<script>@everyone</script>\u0007``";
    const markdown = driftMarkdown(
      report({ drifted: drifted(1, "a|b`c", hostile), incomplete: [{ stackId: "t", why: "a\n# b" }] }),
    );
    const [row] = markdown.split("\n").filter((line) => line.includes("everyone"));
    expect(row?.match(/ \| /g)).toHaveLength(4);
    expect(row).toContain("``` ");
    expect(markdown).not.toContain("\u0007");
    expect(markdown).not.toContain("\n# b");
  });
});
