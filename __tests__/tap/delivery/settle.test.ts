import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironments } from "../../../config/load";
import type { Context } from "../../../tap/context";
import { isExpired } from "../../../tap/delivery/real/expired";
import type { RealOptions, Session } from "../../../tap/delivery/real/options";
import { inOrder } from "../../../tap/delivery/real/plan";
import { lockIn, settle } from "../../../tap/delivery/real/settle";
import { fakeTerraform } from "../../support/fake-terraform";
import { temporaryFolder } from "../../support/project";
import { backend } from "../../support/synthesized";

/** As Terraform 1.11 says it with both locks; DynamoDB's answer has ids too. */
const held = `
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error
StatusCode: 412, RequestID: b75fb9a0-370d-4331-9606-c2f3ac7781bd, HostID: ,
api error PreconditionFailed: At least one of the pre-conditions you specified did not hold
Lock Info:
  ID:        294eec55-a72b-bc66-94d1-a59440309225
  Path:      tap-state-111111111111-us-east-1/tap-observability-dev-us-east-1
  Operation: OperationTypeApply
  Who:       root@vm
  Version:   1.11.4
  Created:   2026-11-22 15:32:54.163701642 +0000 UTC
  Info:
`;

/** With its frame, and in colour. */
const framed = held.replaceAll(/^/gm, "\u001b[31m│\u001b[0m \u001b[0m");

test.each([held, framed])("PLAT-08 a lock that is met is known by its own id", (stderr) => {
  expect(lockIn({ exitCode: 1, stdout: "", stderr })).toEqual({
    id: "294eec55-a72b-bc66-94d1-a59440309225",
    who: "root@vm",
    created: "2026-11-22 15:32:54.163701642 +0000 UTC",
  });
});

test("what else fails is no lock", () => {
  expect(lockIn({ exitCode: 1, stdout: "", stderr: "Error: something\n  ID: 1" })).toBeUndefined();
});

test("PLAT-08 a session that is over is told from a release that is wrong", () => {
  for (const text of [
    "ExpiredToken: The security token included in the request is expired",
    "api error InvalidClientTokenId",
  ])
    expect(isExpired(text)).toBe(true);
  expect(isExpired(Object.assign(new Error("x"), { name: "ExpiredTokenException" }))).toBe(true);
  expect(isExpired("AccessDenied: not authorized to perform: sqs:CreateQueue")).toBe(false);
  expect(isExpired("the certificate has expired")).toBe(false);
});

test("PLAT-08 each stack comes after those that it depends on; a circle ends", () => {
  const dependencies = new Map([
    ["c", ["b"]],
    ["a", ["c"]],
    ["b", []],
    ["x", ["y"]],
    ["y", ["x"]],
  ]);
  expect(inOrder(dependencies)).toEqual(["b", "c", "a", "y", "x"]);
});

describe("PLAT-08 a lock that is to be forced, and that force-unlock fails for", () => {
  const stackId = "tap-observability-dev-us-east-1";
  const [environment] = loadEnvironments({ environment: "dev", variables: {} });
  const plan = { release: "r1", stacks: [{ stackId }] };
  const session = { run: { events: [{ type: "done", step: "plan", plan }] }, say: () => {} } as unknown as Session;

  /** A state whose lock is met until something takes it away. */
  function settled(unlock: (lock: string) => string) {
    const folder = temporaryFolder();
    const lock = join(folder, "lock");
    writeFileSync(lock, held);
    const script = `case "$1 $2" in
      init*) mkdir -p .terraform ;;
      "state push") [ ! -e ${lock} ] || { cat ${lock} >&2; exit 1; } ;;
      force-unlock*) ${unlock(lock)}; echo "Failed to unlock state: failed to unlock S3: 404" >&2; exit 1 ;;
    esac`;
    const context = { projectRoot: folder, variables: fakeTerraform(script) } as unknown as Context;
    const takeover = { lockWaitSeconds: 0, cutOffRoleSessions: false, forceUnlock: true };
    const options = { context, environment, backend, work: join(folder, "work"), takeover };
    return settle({ ...options, backendConfig: [] } as unknown as RealOptions, session);
  }

  test("because one of its two places had none: what counts is that the state can be written", async () => {
    expect(await settled((lock) => `rm ${lock}`)).toEqual({
      problems: [],
      notes: [`${stackId}: the lock of root@vm, since 2026-11-22 15:32:54.163701642 +0000 UTC, was forced`],
    });
  });

  test("and that stays: nothing is gone on with, and both are said", async () => {
    expect(await settled(() => "true")).toEqual({
      problems: [
        expect.stringMatching(/^tap-observability-dev-us-east-1: terraform force-unlock failed:[\s\S]*404/),
        expect.stringMatching(/^tap-observability-dev-us-east-1: terraform state push failed:[\s\S]*state lock/),
      ],
      notes: [],
    });
  });
});
