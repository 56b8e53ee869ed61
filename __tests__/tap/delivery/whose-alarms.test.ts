import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stacksLeft } from "../../../tap/delivery/real/real-steps";
import { alarmsSince, nothingAsked } from "../../../tap/delivery/real/validate";
import type { RecordedEvent, Run } from "../../../tap/delivery/run";
import { readSmokeChecks } from "../../../tap/delivery/validation/smoke";
import { temporaryFolder } from "../../support/project";

const begun = (step: "apply" | "plan", at: string): RecordedEvent => ({ type: "begun", step, at, token: 1 });
const runWith = (events: readonly RecordedEvent[], rest: Partial<Run> = {}) =>
  ({ kind: "promote", release: "r1", startedAt: "2026-11-20T10:00:00Z", events, ...rest }) as Run;

test("PLAT-10 alarms are a release's from its first apply on, and not while it waited for an approval", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const planned = begun("plan", "2026-11-20T10:05:00Z");
  const events = [planned, begun("apply", "2026-11-22T11:00:00Z"), begun("apply", "2026-11-22T11:30:00Z")];
  expect(alarmsSince(runWith(events), "r1", undefined, now)).toBe(Date.parse("2026-11-22T11:00:00Z"));
  // Applied by this process, which has taken up a run that had only waited.
  expect(alarmsSince(runWith([planned]), "r1", 1_234, now)).toBe(1_234);
  // Nothing was applied: nothing can be its own.
  expect(alarmsSince(runWith([planned]), "r1", undefined, now)).toBe(now);
  // A rollback isn't to blame for what the release before it has set off.
  expect(alarmsSince(runWith(events), "r0", undefined, now)).toBe(now);
  expect(alarmsSince(runWith(events, { kind: "rollback" }), "r1", undefined, now)).toBe(now);
});

test("PLAT-10 a file of smoke tests without one is refused: it would validate nothing", () => {
  const file = join(temporaryFolder(), "smoke.json");
  writeFileSync(file, "[]");
  expect(() => readSmokeChecks(file)).toThrow(/at least one/);
});

test("PLAT-10 what validates nothing is told of", () => {
  expect(nothingAsked({ smoke: 0, alarms: 0, outputs: 0, functions: 0 })).toEqual([
    "there are no smoke tests: nothing was asked over HTTP",
    "there are no alarms that could come on",
    "there are no outputs to look for",
    "there are no functions whose code could be compared",
  ]);
  expect(nothingAsked({ smoke: 1, alarms: 1, outputs: 1, functions: 1 })).toEqual([]);
});

test("PLAT-10 a stack that a release lacks stays deployed, and that is said", () => {
  const stacks = (...ids: string[]) => ({
    stacks: Object.fromEntries(ids.map((id) => [id, { environment: id.startsWith("prod") ? "prod" : "dev" }])),
  });
  const other = stacks("prod-network", "prod-search", "dev-search");
  expect(stacksLeft(stacks("prod-network"), other, "prod")).toEqual(["prod-search"]);
  expect(stacksLeft(other, stacks("prod-network"), "prod")).toEqual([]);
});
