import { stackIdOf } from "../../../config/backend";
import { type Component, components } from "../../../config/components";
import type { Environment } from "../../../config/environment";
import { sameInTerraform } from "../exact";
import { expectThat, type Finding, judgeEach, ownsItsAccount, type Requirement, type Subject } from "../requirement";
import { resourcesOf } from "../stack-json";

/** What an account has once (or once per region), however many environments are in it. */
const onePerAccount = [
  "aws_iam_openid_connect_provider",
  "aws_api_gateway_account",
  "aws_backup_region_settings",
  "aws_backup_global_settings",
];

export const plat11: Requirement = {
  id: "PLAT-11",
  checks:
    "Each component has its stack in the regions of its scope, bootstrap in the account's own environment only; no stack reads another's state; what an account has once is in bootstrap.",
  why: "A second owner of an account-wide setting undoes the first one's with each apply, and its destruction takes it from all.",
  judge: (subject) => [...missingAndSurplus(subject), ...accountWide(subject), ...remoteStates(subject)],
};

/** Without these two nothing else can be deployed: they are expected even where there is no trace of them. */
const always: readonly Component[] = ["bootstrap", "network"];

function missingAndSurplus({ stacks, environments }: Subject): Finding[] {
  const present = new Set([...always, ...stacks.map(({ component }) => component)]);
  const expected = environments.flatMap((environment) =>
    [...present].flatMap((component) => idsOf(component, environment)),
  );
  const actual = stacks.map(({ id }) => id);
  return [
    ...expected.filter((id) => !actual.includes(id)).map((id) => ({ stack: id, message: "is missing" })),
    ...actual
      .filter((id) => !expected.includes(id))
      .map((id) => ({ stack: id, message: "is not in a region of its component's scope" })),
  ];
}

function idsOf(component: Component, environment: Environment): string[] {
  const { environmentSuffix, account, region, regionNames } = environment;
  const regions = {
    account: ownsItsAccount(environment) ? [account.region] : [],
    primary: [region],
    region: regionNames,
  }[components[component].scope];
  return regions.map((name) => stackIdOf(component, environmentSuffix, name));
}

function accountWide(subject: Subject): Finding[] {
  return judgeEach(subject, "all", (stack, environment) => {
    const found = resourcesOf(stack).filter(({ type }) => onePerAccount.includes(type));
    if (stack.component !== "bootstrap")
      return found.map(({ address }) => ({
        stack: stack.id,
        address,
        message: "belongs to bootstrap: an account has it once",
      }));
    const regionsOf = (type: string) =>
      found.filter((resource) => resource.type === type).map(({ attributes }) => String(attributes.region));
    const inEachRegion = ["aws_api_gateway_account", "aws_backup_region_settings"];
    return [
      ...expectThat(
        found.filter(({ type }) => type === "aws_iam_openid_connect_provider").length === 1,
        stack,
        "must have one OIDC provider",
      ),
      ...inEachRegion.flatMap((type) => {
        const wanted = environment.account.regionNames;
        const message = `must have ${type} once in each of ${wanted.join(", ")}`;
        const own = found.filter((resource) => resource.type === type);
        const wrong = own.filter(
          ({ attributes }) =>
            !isOnce(String(attributes.region), regionsOf(type)) || !wanted.includes(String(attributes.region)),
        );
        return [
          ...expectThat(
            wanted.every((region) => regionsOf(type).includes(region)),
            stack,
            message,
          ),
          // What one environment switches on or off holds for all of the account; others may add services (PLAT-22).
          ...(type === "aws_backup_region_settings" ? own : []).flatMap(({ address, attributes }) =>
            expectThat(
              sameInTerraform(attributes.resource_type_opt_in_preference, { DynamoDB: true, S3: true }) &&
                sameInTerraform(attributes.resource_type_management_preference, { DynamoDB: true }) &&
                sameInTerraform(attributes.lifecycle, {
                  ignore_changes: ["resource_type_opt_in_preference", "resource_type_management_preference"],
                }),
              stack,
              "must have tables and buckets backed up, tables by AWS Backup's own means, and leave other services to others",
              address,
            ),
          ),
          ...wrong.map(({ address }) => ({ stack: stack.id, address, message })),
        ];
      }),
    ];
  });
}

function isOnce(region: string, regions: readonly string[]): boolean {
  return regions.indexOf(region) === regions.lastIndexOf(region);
}

function remoteStates(subject: Subject): Finding[] {
  return judgeEach(subject, "all", (stack) =>
    expectThat(
      stack.json.data?.terraform_remote_state === undefined,
      stack,
      "reads another stack's state, and can't be deployed without it",
    ),
  );
}
