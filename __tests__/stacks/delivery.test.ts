import { App } from "cdktf";
import { deliveryNames, releaseReaderRoleArn } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import { loadEnvironments } from "../../config/load";
import { resourceName } from "../../constructs/names";
import { DeliveryStack } from "../../stacks/delivery";
import { resourcesOf } from "../../tap/audit/stack-json";
import { built } from "../support/constructed";
import { temporaryFolder } from "../support/project";
import { backend, environmentNames, resource, stackOf, subjectOf } from "../support/synthesized";

const environmentOf = (name: string): Environment => {
  const found = subjectOf(name).environments.find(({ environmentSuffix }) => environmentSuffix === name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
};

const stackWith = (changes: Partial<Environment>, region?: string) => {
  const [dev] = loadEnvironments({ environment: "dev" }) as [Environment];
  const environment = { ...dev, ...changes };
  const props = { environment, region: region ?? environment.region, backend, functionBundles: {} };
  return new DeliveryStack(new App({ outdir: temporaryFolder() }), props);
};

describe.each(environmentNames)("PLAT-08 in %s", (name) => {
  const environment = environmentOf(name);
  const stack = stackOf(subjectOf(name), name, "delivery");

  test("bucket and table are called as `tap release` and `tap promote` look for them", () => {
    const { releaseBucketName, ledgerTableName } = deliveryNames(environment);
    const buckets = resourcesOf(stack, "aws_s3_bucket").map(({ attributes }) => attributes.bucket);
    expect(buckets).toContain(releaseBucketName);
    expect(resource(stack, "aws_dynamodb_table").name).toBe(ledgerTableName);
  });

  test("the role by which releases are read is the one that the next environment assumes", () => {
    const { environmentSuffix, region, accountId } = environment;
    const scope = { component: "delivery", environmentSuffix, region, accountId } as const;
    const arn = releaseReaderRoleArn({ environmentSuffix, region, accountId });
    expect(arn).toBe(`arn:aws:iam::${accountId}:role/${resourceName(scope, "role", "release-reader")}`);
    expect(arn.endsWith(`:role/${resource(stack, "aws_iam_role", "ReleaseReader").name}`)).toBe(true);
  });
});

test("names that `tap` wouldn't find are refused", () => {
  // They are looked for in the primary region.
  expect(() => stackWith({}, "us-west-2")).toThrow(
    "config/delivery.ts calls it tap-delivery-releases-dev-us-east-1-111111111111, and the name pattern tap-delivery-releases-dev-us-west-2-111111111111",
  );
});

test("PLAT-09 what nobody looks at has no alarm on drift", () => {
  const { delivery } = environmentOf("dev");
  const alarms = (driftAlarms: boolean) =>
    Object.keys(
      stackWith({ delivery: { ...delivery, driftAlarms } }).toTerraform().resource.aws_cloudwatch_metric_alarm ?? {},
    ).filter((name) => name.startsWith("DriftAlarms"));
  expect([alarms(true).length, alarms(false).length]).toEqual([2, 0]);
});

test("PLAT-08 each version of a release is locked as long, and as strictly, as is configured", () => {
  const delivery = { releaseLockMode: "GOVERNANCE", releaseRetentionDays: 77, driftAlarms: false } as const;
  expect(built(stackWith({ delivery }), "aws_s3_bucket_object_lock_configuration").rule).toEqual({
    default_retention: { mode: "GOVERNANCE", days: 77 },
  });
});
