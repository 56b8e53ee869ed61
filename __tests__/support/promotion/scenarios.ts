import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import type { EnvironmentName } from "./app";
import { expectSound } from "./expect-sound";
import { leaseEnded, recover } from "./kills";
import type { LedgerWrite } from "./ledger-proxy";
import type { PromotionWorld, TapResult } from "./world";

/** A way in which a promotion can go wrong, and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** What came of it. @throws Error where that isn't what must come of it */
  run(world: PromotionWorld): Promise<string>;
}

/** In their order: each leaves dev at r1 or r2, whole. */
export const scenarios: readonly Scenario[] = [
  { name: "the whole way: dev, staging, prod", run: wholeWay },
  { name: "and back: prod to its release before", run: andBack },
  { name: "a release that isn't good in the environment before", run: outOfOrder },
  { name: "two promotions at once", run: twoAtOnce },
  { name: "a plan that somebody has to agree to", run: approval },
  { name: "an apply that fails half-way", run: failingApply },
  { name: "smoke tests that fail", run: failingSmoke },
  { name: "an alarm that comes on in the window", run: firingAlarm },
  { name: "a rollback that would delete a table", run: losingTable },
  { name: "nothing good to go back to", run: nothingGood },
  { name: "drift", run: drift },
  { name: "the lease ends before Terraform starts: SIGSTOP, takeover, SIGCONT", run: sleepsBeforeApply },
  { name: "the lease ends while Terraform applies: SIGSTOP, takeover, SIGCONT", run: sleepsInApply },
  { name: "a lock that stays: older sessions cut off, then forced", run: cutOff },
  { name: "a lock that stays in one of its two places", run: halfLocked },
  { name: "the role's session expires in the middle", run: expiredSession },
  { name: "the ledger can't be reached at the start", run: ledgerDownAtStart },
  { name: "the ledger can't be reached in the middle", run: ledgerDownMidway },
  { name: "a corrupted object of the release", run: corruptedRelease },
  { name: "a missing object of the release, half-way", run: missingObject },
];

function want(result: TapResult, exitCode: number, pattern: RegExp): void {
  const text = `${result.stdout}\n${result.stderr}`;
  if (result.exitCode !== exitCode || !pattern.test(text))
    throw new Error(`wanted exit code ${exitCode} and ${pattern}, got ${result.exitCode}:\n${text.slice(-4_000)}`);
}

/** The release that dev doesn't have. */
async function other(world: PromotionWorld): Promise<{ release: string; before: string }> {
  const before = (await world.ledgerOf("dev").read()).record.good?.release as string;
  const { r1, r2 } = world.releases;
  return { before, release: before === r1 ? r2 : r1 };
}

async function wholeWay(world: PromotionWorld): Promise<string> {
  const { r1, r2 } = world.releases;
  for (const release of [r1, r2])
    for (const environment of ["dev", "staging", "prod"] as const) {
      // Without --release it is the last good one of the environment before.
      want(await world.promote(environment, environment === "dev" ? release : undefined), 0, /"status": "good"/);
      await expectSound(world, environment, { good: release });
    }
  return "two releases, each validated in all three";
}

async function andBack(world: PromotionWorld): Promise<string> {
  const { r1, r2 } = world.releases;
  want(await world.rollback("prod", ["--dry-run"]), 0, /"held": \[\]/);
  await expectSound(world, "prod", { good: r2 });
  want(await world.rollback("prod"), 0, /"status": "rolled back"/);
  await expectSound(world, "prod", { good: r1 });
  return "the dry run changed nothing, the rollback led back";
}

async function outOfOrder(world: PromotionWorld): Promise<string> {
  want(await world.promote("staging", world.releases.r1), 1, /is not the last good release of dev/);
  await expectSound(world, "staging", { good: world.releases.r2 });
  return "refused";
}

async function twoAtOnce(world: PromotionWorld): Promise<string> {
  const { release } = await other(world);
  const both = [world.startPromote("dev", release), world.startPromote("dev", release)];
  const [a, b] = (await Promise.all(both.map(({ ended }) => ended))) as [TapResult, TapResult];
  const [winner, loser] = a.exitCode === 0 ? [a, b] : [b, a];
  want(winner, 0, /"status": "good"/);
  want(loser, 1, /has the lease of dev since|has given it back/);
  await expectSound(world, "dev", { good: release });
  return "one won, one said who has the lease";
}

async function approval(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const asked = await world.promote("dev", release, ["--automatic-up-to", "none"]);
  want(asked, 1, /"status": "waiting"/);
  const labels = await world.labels("dev");
  if (new Set(labels).size > 1) throw new Error("something was applied");
  const hash = asked.result?.left?.hash ?? "";
  const wrong = hash.replace(/./g, (digit) => (digit === "0" ? "1" : "0"));
  want(await world.promote("dev", undefined, ["--approve", wrong, "--approver", "anna"]), 1, /"status": "waiting"/);
  want(await world.promote("dev", undefined, ["--approve", hash, "--approver", "anna"]), 0, /"approver": "anna"/);
  await expectSound(world, "dev", { good: release });
  return `${before.slice(0, 6)} stayed until the right hash came`;
}

async function failingApply(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const file = join(world.folder, "fail-once.json");
  writeFileSync(
    file,
    JSON.stringify([{ match: "aws_dynamodb_table:tap-api-dev-us-east-1", on: "update", message: "LimitExceeded" }]),
  );
  const running = world.startPromote("dev", release, [], { TF_STANDIN_FAIL: file });
  // Only the first of them fails: the way back has the same variable.
  world.proxy.onWrite = ({ record }) => {
    if (record.run?.events.at(-1)?.type === "turned back") writeFileSync(file, "[]");
  };
  const result = await running.ended;
  world.proxy.onWrite = undefined;
  want(result, 1, /"status": "rolled back"/);
  want(result, 1, /LimitExceeded/);
  await expectSound(world, "dev", { good: before });
  return "taken back";
}

async function failingSmoke(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  world.proxy.onWrite = ({ record }) => {
    const events = record.run?.events ?? [];
    // The release doesn't work; the one before does.
    world.smokeStatus = events.some(({ type }) => type === "turned back") ? 200 : 500;
  };
  const result = await world.promote("dev", release);
  world.proxy.onWrite = undefined;
  world.smokeStatus = 200;
  want(result, 1, /answers 500, and not 200/);
  want(result, 1, /"status": "rolled back"/);
  await expectSound(world, "dev", { good: before });
  return "taken back, and validated";
}

async function firingAlarm(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const client = new CloudWatchClient(world.client("us-east-1"));
  const AlarmName = "tap-api-errors-dev-us-east-1";
  const set = (StateValue: "OK" | "ALARM") =>
    client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "3 errors" }));
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: "Test",
      MetricName: "Errors",
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "ignore",
    }),
  );
  await set("OK");
  let seen = false;
  world.proxy.onWrite = async ({ record }, when) => {
    const last = record.run?.events.at(-1);
    if (when !== "after") return;
    if (!seen && last?.type === "begun" && last.step === "validate") {
      seen = true;
      setTimeout(() => void set("ALARM"), 1_000);
    }
    if (last?.type === "turned back") await set("OK");
  };
  const result = await world.promote("dev", release, ["--alarm-window", "4"]);
  world.proxy.onWrite = undefined;
  want(result, 1, new RegExp(`alarms: ${AlarmName} \\(us-east-1\\) is on since`));
  want(result, 1, /"status": "rolled back"/);
  await expectSound(world, "dev", { good: before });
  return "taken back";
}

async function losingTable(world: PromotionWorld): Promise<string> {
  const { before } = await other(world);
  world.smokeStatus = 500;
  const result = await world.promote("dev", world.releases.r3);
  world.smokeStatus = 200;
  want(result, 1, /"status": "needs a person"/);
  want(result, 1, /aws_dynamodb_table\.Extra holds data, and would be deleted/);
  if (world.deletedTables().length > 0) throw new Error("the table was deleted");
  const labels = await world.labels("dev");
  if ((await world.ledgerOf("dev").read()).record.good?.release !== before) throw new Error("it was recorded good");
  const hash = result.result?.left?.hash ?? "";
  want(await world.rollback("dev"), 1, /"status": "needs a person"/);
  if (world.deletedTables().length > 0) throw new Error("the table was deleted");
  want(await world.rollback("dev", ["--approve", hash, "--approver", "anna"]), 0, /"status": "rolled back"/);
  if (world.deletedTables().length !== 1) throw new Error("the table is there still, though somebody agreed");
  world.forgetDeletedTables();
  await expectSound(world, "dev", { good: before });
  return `left at ${labels.join(", ")} until somebody agreed`;
}

async function nothingGood(world: PromotionWorld): Promise<string> {
  const { good } = (await world.ledgerOf("staging").read()).record;
  if (good === undefined) want(await world.promote("staging"), 0, /"status": "good"/);
  // Prod has been taken back, or has nothing: what staging has changes it.
  const { r2 } = world.releases;
  const fresh = await world.freshLedger("prod");
  world.smokeStatus = 500;
  const result = await world.promote("prod", r2, ["--ledger", fresh.location]);
  world.smokeStatus = 200;
  want(result, 1, /has no good release to go back to/);
  want(result, 1, /"status": "needs a person"/);
  if ((await fresh.ledger.read()).record.good !== undefined) throw new Error("it was recorded good");
  want(await world.promote("prod", r2, ["--ledger", fresh.location]), 0, /"status": "good"/);
  return "a person, and then a good release";
}

async function drift(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const file = join(world.folder, "drift.json");
  writeFileSync(
    file,
    JSON.stringify({ "aws_sqs_queue:tap-observability-dev-us-east-1": { visibility_timeout_seconds: 99 } }),
  );
  want(
    await world.promote("dev", release, [], { TF_STANDIN_DRIFT: file }),
    1,
    /drift: .*visibility_timeout_seconds is 99/,
  );
  await expectSound(world, "dev", { good: before });
  return "refused";
}

const isApply =
  (index: number) =>
  ({ record }: LedgerWrite) => {
    const events = record.run?.events ?? [];
    const last = events.at(-1);
    const applies = events.filter(
      (event) => event.type === "begun" && event.step === "apply" && event.token === last?.token,
    );
    return last?.type === "begun" && last.step === "apply" && applies.length === index;
  };

/** Starts a promotion that is stopped when it has recorded that it applies its first stack. */
async function sleeper(world: PromotionWorld, release: string, afterMilliseconds: number) {
  const running = world.startPromote("dev", release);
  const asleep = new Promise<void>((resolve) => {
    world.proxy.onWrite = async (write, when) => {
      if (when !== "after" || !isApply(1)(write)) return;
      world.proxy.onWrite = undefined;
      const stop = () => {
        running.signal("SIGSTOP");
        resolve();
      };
      if (afterMilliseconds === 0) stop();
      else setTimeout(stop, afterMilliseconds);
    };
  });
  await asleep;
  await leaseEnded(world);
  return running;
}

async function sleepsBeforeApply(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const running = await sleeper(world, release, 0);
  // The other way: what the sleeper would apply is not what is there then.
  want(await world.rollback("dev"), 0, /"status": "rolled back"/);
  await expectSound(world, "dev", { good: before });
  running.signal("SIGCONT");
  want(await running.ended, 1, /lease of dev was taken over/);
  await expectSound(world, "dev", { good: before });
  return "it woke up, its plan was stale, and it recorded nothing";
}

async function sleepsInApply(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const running = await sleeper(world, release, 900);
  const taker = await world.rollback("dev");
  running.signal("SIGCONT");
  // Where Terraform had its lock, the taker has waited and stopped; else it was done.
  if (taker.exitCode !== 0) want(taker, 1, /holds Terraform's lock/);
  want(await running.ended, 1, /lease of dev was taken over/);
  if (taker.exitCode !== 0) await recover(world, (more) => world.rollback("dev", more));
  await expectSound(world, "dev", { good: before });
  return taker.exitCode === 0 ? "the taker was done before it woke up" : "the taker waited for its lock";
}

async function cutOff(world: PromotionWorld): Promise<string> {
  const { release } = await other(world);
  const iam = new IAMClient(world.client("us-east-1"));
  const RoleName = "tap-bootstrap-deploy-dev-us-east-1";
  const running = await sleeper(world, release, 900);
  running.signal("SIGKILL");
  await running.ended;
  await world.lockByHand("dev", ["file", "table"]);
  want(await world.promote("dev"), 1, /holds Terraform's lock[\s\S]*--cut-off-role-sessions --force-unlock/);
  const next = await world.promote("dev", undefined, ["--cut-off-role-sessions", "--force-unlock"]);
  want(next, 0, /"status": "good"/);
  const { PolicyDocument = "" } = await iam.send(
    new GetRolePolicyCommand({ RoleName, PolicyName: "tap-cut-off-sessions" }),
  );
  if (!decodeURIComponent(PolicyDocument).includes("aws:TokenIssueTime")) throw new Error("no session was cut off");
  await expectSound(world, "dev", { good: release });
  return "completed";
}

/** As a Terraform leaves it that is killed between the two parts of locking, or of unlocking. */
async function halfLocked(world: PromotionWorld): Promise<string> {
  for (const place of ["file", "table"] as const) {
    const { release } = await other(world);
    const running = await sleeper(world, release, 0);
    running.signal("SIGKILL");
    await running.ended;
    await world.lockByHand("dev", [place]);
    want(await world.promote("dev"), 1, /holds Terraform's lock[\s\S]*--cut-off-role-sessions --force-unlock/);
    const next = await world.promote("dev", undefined, ["--force-unlock"]);
    want(next, 0, /"status": "good"/);
    want(next, 0, /the lock of gone@elsewhere, since .*, was forced/);
    await expectSound(world, "dev", { good: release });
  }
  return "completed, from either";
}

async function expiredSession(world: PromotionWorld): Promise<string> {
  const { release } = await other(world);
  const file = join(world.folder, "expired.json");
  const message = "ExpiredToken: The security token included in the request is expired";
  writeFileSync(file, JSON.stringify([{ match: "aws_dynamodb_table:tap-api-dev-us-east-1", on: "update", message }]));
  want(await world.promote("dev", release, [], { TF_STANDIN_FAIL: file }), 1, /"status": "stopped"/);
  want(await world.promote("dev"), 0, /"status": "good"/);
  await expectSound(world, "dev", { good: release });
  return "stopped, neither failed nor taken back; completed by the next";
}

async function ledgerDownAtStart(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  world.proxy.isDown = true;
  const result = await world.promote("dev", release);
  world.proxy.isDown = false;
  want(result, 1, /The ledger, DynamoDB table tap-delivery-ledger-dev-us-east-1 \(us-east-1\), can't be read/);
  await expectSound(world, "dev", { good: before });
  return "nothing was begun";
}

async function ledgerDownMidway(world: PromotionWorld): Promise<string> {
  const { release } = await other(world);
  const before = await world.labels("dev");
  world.proxy.onWrite = (write, when) => {
    if (when === "before" && isApply(2)(write)) world.proxy.isDown = true;
  };
  const result = await world.promote("dev", release);
  world.proxy.onWrite = undefined;
  world.proxy.isDown = false;
  want(result, 1, /"status": "stopped"/);
  const changed = (await world.labels("dev")).filter((label, index) => label !== before[index]).length;
  if (changed !== 1) throw new Error(`${changed} stacks were applied, where one was recorded`);
  await recover(world, (more) => world.promote("dev", undefined, more));
  await expectSound(world, "dev", { good: release });
  return "stopped after the stack that was recorded; completed by the next";
}

/** The objects of a store that only this release has. */
function objectsOf(store: string, release: string, others: readonly string[]): string[] {
  const manifest = (id: string) => readFileSync(join(store, "releases", id, "manifest.json"), "utf8");
  const hashes = (id: string) =>
    [...manifest(id).matchAll(/"sha256": ?"([0-9a-f]{64})"/g)].map(([, hash]) => hash as string);
  const shared = new Set(others.flatMap(hashes));
  const own = hashes(release).filter((hash) => !shared.has(hash));
  return readdirSync(join(store, "objects"), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() &&
        own.some(
          (hash) => entry.name.includes(hash) || join(entry.parentPath, entry.name).replaceAll("/", "").includes(hash),
        ),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}

async function corruptedRelease(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const [object = ""] = objectsOf(world.source, release, [before]);
  const content = readFileSync(object);
  chmodSync(object, 0o644);
  writeFileSync(object, `${content.toString("utf8").slice(0, -2)} }`);
  const result = await world.promote("dev", release);
  writeFileSync(object, content);
  want(result, 1, /"status": "refused"/);
  want(result, 1, /isn't what it was|bytes, where it had/);
  await expectSound(world, "dev", { good: before });
  return "refused";
}

async function missingObject(world: PromotionWorld): Promise<string> {
  const { release, before } = await other(world);
  const running = await sleeper(world, release, 0);
  running.signal("SIGKILL");
  await running.ended;
  const store = world.storeOf("dev" satisfies EnvironmentName);
  const gone = objectsOf(store, release, [before]).map((object) => ({ object, content: readFileSync(object) }));
  for (const { object } of gone) rmSync(object, { force: true });
  const result = await world.promote("dev");
  for (const { object, content } of gone) writeFileSync(object, content);
  want(result, 1, /"status": "rolled back"/);
  want(result, 1, /isn't there/);
  await expectSound(world, "dev", { good: before });
  return "taken back";
}
