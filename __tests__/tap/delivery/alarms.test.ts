import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { driftMetrics } from "../../../config/delivery";
import { alarmProblems, countAlarms } from "../../../tap/delivery/validation/alarms";

/** Alarms that are on, as CloudWatch tells of them. */
function firing(...alarms: readonly object[]): void {
  jest.spyOn(CloudWatchClient.prototype, "send").mockImplementation(async () => ({ MetricAlarms: alarms }));
}
afterEach(() => jest.restoreAllMocks());

const on = (name: string, more: object = {}) => ({
  AlarmName: `tap-${name}-dev-us-east-1`,
  StateReason: "it is over its threshold",
  StateTransitionedTimestamp: new Date(),
  ...more,
});
const quiet = (since = 0) =>
  alarmProblems({
    regions: [{ region: "us-east-1" }],
    environment: "dev",
    windowSeconds: 0,
    patienceSeconds: 0,
    since,
    ignored: [],
  });

test("PLAT-10 an alarm that came on is told, with its reason", async () => {
  firing(on("api-items-errors"));
  expect(await quiet()).toEqual([
    expect.stringMatching(/^alarms: tap-api-items-errors-dev-us-east-1 \(us-east-1\) is on since .*over its threshold/),
  ]);
});

test("PLAT-10 alarms on drift say nothing of a release: a new environment's is on until the first detection", async () => {
  firing(on("delivery-drift-silent", { Namespace: driftMetrics.namespace }));
  expect(await quiet()).toEqual([]);
});

test("PLAT-10 alarms of the environment are counted, whatever their state: none that is on may be none that there is", async () => {
  firing(
    on("api-items-errors", { StateValue: "OK" }),
    on("delivery-drift-silent", { Namespace: driftMetrics.namespace }),
    { ...on("api"), AlarmName: "tap-api-items-errors-staging-us-east-1" },
  );
  const where = { regions: [{ region: "us-east-1" }], environment: "dev", ignored: [] };
  expect(await countAlarms(where)).toBe(1);
  expect(await countAlarms({ ...where, ignored: ["tap-api-items-errors-dev-us-east-1"] })).toBe(0);
});
