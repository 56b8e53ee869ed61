import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../../config/environment";
import type { Context } from "../../../tap/context";
import { checkDrift, checkOrder } from "../../../tap/delivery/real/gates";
import type { RealOptions } from "../../../tap/delivery/real/options";
import type { StackPlan } from "../../../tap/plan";
import { temporaryFolder } from "../../support/project";

const environment = { environmentSuffix: "staging" } as Environment;
const optionsWith = (goodBefore: string | undefined) =>
  ({
    environment,
    before: {
      environment: { environmentSuffix: "dev" },
      ledger: {
        read: async () => ({ record: goodBefore === undefined ? {} : { good: { release: goodBefore, at: "today" } } }),
      },
    },
  }) as unknown as RealOptions;

test("PLAT-08 a release comes in after the environment before was found good with it", async () => {
  expect((await checkOrder(optionsWith("r1"), "r1", undefined)).problems).toEqual([]);
  expect((await checkOrder(optionsWith("r2"), "r1", undefined)).problems).toEqual([
    expect.stringMatching(/r1 is not the last good release of dev \(that is r2/),
  ]);
  expect((await checkOrder(optionsWith(undefined), "r1", "r0")).problems).toEqual([
    expect.stringMatching(/no release was ever good there/),
  ]);
});

test("PLAT-08 what the environment itself is last good with may come again, wherever the one before has gone since", async () => {
  expect((await checkOrder(optionsWith("r2"), "r1", "r1")).problems).toEqual([]);
});

describe("PLAT-10 drift after a rollback that put code back, and had to leave the infrastructure to a person", () => {
  const options = { context: { projectRoot: temporaryFolder() } as Context } as RealOptions;
  const planWith = (type: string, before: object, after: object): StackPlan => {
    const planJsonFile = join(temporaryFolder(), "plan.json");
    const change = { actions: ["update"], before, after };
    writeFileSync(
      planJsonFile,
      JSON.stringify({ resource_drift: [{ address: `${type}.Own`, mode: "managed", type, change }] }),
    );
    return { stackId: "tap-api-dev-us-east-1", folder: "", status: "changes", planJsonFile };
  };
  const alias = planWith("aws_lambda_alias", { function_version: "4" }, { function_version: "3" });

  test("is no drift where an alias is at another version: a release that mends it comes in", () => {
    expect(checkDrift(options, [alias], true).problems).toEqual([]);
    expect(checkDrift(options, [alias], true).notes?.join()).toMatch(/aliases .*put back.*: 1/);
  });

  test("is drift all the same where nothing was put back, or anything else differs", () => {
    expect(checkDrift(options, [alias], false).problems).toEqual([expect.stringMatching(/function_version is "3"/)]);
    const weights = planWith("aws_lambda_alias", { description: "a" }, { description: "b" });
    const queue = planWith("aws_sqs_queue", { delay_seconds: 0 }, { delay_seconds: 5 });
    expect(checkDrift(options, [alias, weights, queue], true).problems).toHaveLength(2);
  });
});
