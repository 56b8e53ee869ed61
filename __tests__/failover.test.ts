import { toSubject } from "../tap/audit/requirement";
import { requirements } from "../tap/audit/requirements";
import { plat14 } from "../tap/audit/requirements/plat-14";
import { plat22 } from "../tap/audit/requirements/plat-22";
import { resourcesOf, type StackJson } from "../tap/audit/stack-json";
import { synthesizeFailedOver } from "./support/failed-over";
import { backend, resource, stackOf, subjectOf } from "./support/synthesized";
import { changing, referenceTo, rewrite } from "./tap/audit/requirements/mutations";

/*
 * prod after a failover, as docs/operations/recovery.md does it: two lines of config/prod.ts, and the same command.
 */

/** They ask for the table, the bucket and their key in the stack itself; for the time of a failover these are the other region's. */
const ofData = ["FIL-01", "FIL-05", "PLAT-03", "PLAT-04", "PLAT-06", "REC-01", "REC-02", "REC-03", "REC-04", "REC-07"];

const { exitCode, stderr, stacks, environments, remove } = synthesizeFailedOver();
remove();
const copyOfStacks = () => structuredClone(stacks);
const subjectWith = (changed: StackJson[]) => toSubject({ stacks: changed, environments, backend });
const find = (of: readonly StackJson[], id: string) => {
  const found = of.find((stack) => stack.id === id);
  if (found === undefined) throw new Error(`There is no ${id}`);
  return found;
};
const before = subjectOf("prod");

describe("PLAT-14 prod after a failover", () => {
  test("PLAT-14 synthesizes, with what exists once in the second region", () => {
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    const ids = stacks.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["tap-jobs-prod-us-west-2", "tap-records-prod-us-west-2"]));
    expect(ids).not.toContain("tap-jobs-prod-us-east-1");
    // What has no home in one region stays where it was; roles and boundaries, which are named after it, too.
    expect(ids).toEqual(
      expect.arrayContaining(["tap-api-prod-us-east-1", "tap-api-prod-us-west-2", "tap-bootstrap-prod-us-east-1"]),
    );
  });

  test.each(
    requirements.filter(({ id }) => !ofData.includes(id)).map((requirement) => [requirement.id, requirement] as const),
  )("%s holds", (_, requirement) => {
    expect(requirement.judge(subjectWith(stacks))).toEqual([]);
  });

  test("PLAT-14 functions work on what the other region replicated, by the names that it gave", () => {
    const replica = resource(stackOf(before, "prod", "jobs"), "aws_s3_bucket", "Results_Replica");
    const jobs = find(stacks, "tap-jobs-prod-us-west-2");
    const variables = resourcesOf(jobs, "aws_lambda_function").map(
      ({ attributes }) => (attributes.environment as { variables: Record<string, string> }).variables,
    );
    expect(new Set(variables.map(({ TABLE_NAME }) => TABLE_NAME))).toEqual(new Set(["tap-jobs-prod-us-east-1"]));
    expect(new Set(variables.flatMap(({ BUCKET_NAME }) => BUCKET_NAME ?? []))).toEqual(new Set([replica.bucket]));
    const names = (type: string) => resourcesOf(jobs, type).map(({ attributes }) => attributes);
    expect([names("aws_dynamodb_table"), names("aws_s3_bucket")]).toEqual([[], []]);
    const alias = resource(stackOf(before, "prod", "jobs"), "aws_kms_alias", "Replica");
    expect(Object.values(jobs.json.data?.aws_kms_alias ?? {}).map(({ name }) => name)).toEqual([alias.name]);
  });

  test("PLAT-14 states are read and written in their replica, under its key, by the roles of before", () => {
    const bootstrap = stackOf(before, "prod", "bootstrap");
    const replica = resource(bootstrap, "aws_s3_bucket", "ReplicaBucket");
    for (const stack of stacks) {
      expect(stack.json.terraform?.backend?.s3).toMatchObject({ bucket: replica.bucket, region: "us-west-2" });
      if (stack.component !== "bootstrap")
        expect(stack.json.variable?.provider_role_arn?.default).toBe(
          "arn:aws:iam::333333333333:role/tap-bootstrap-deploy-prod-us-east-1",
        );
    }
    const [alias, table] = ["aws_kms_alias", "aws_dynamodb_table"].map((type) =>
      resourcesOf(bootstrap, type).filter(({ attributes }) => attributes.region === replica.region),
    );
    expect(alias?.map(({ attributes }) => attributes.name)).toEqual([backend.kms_key_id]);
    expect(table?.map(({ attributes }) => attributes.name)).toEqual([backend.dynamodb_table]);
  });

  test("PLAT-14 what each region has of its own is as before, but for where its state is", () => {
    for (const component of ["network", "security", "observability"]) {
      const id = `tap-${component}-prod-us-west-2`;
      const types = (of: readonly StackJson[]) =>
        resourcesOf(find(of, id))
          .map(({ address }) => address)
          .sort();
      expect(types(stacks)).toEqual(types(before.stacks));
    }
  });

  test.each<[string, (changed: StackJson[]) => void]>([
    [
      "the jobs make a table",
      (changed) => {
        const { resource: resources } = find(changed, "tap-jobs-prod-us-west-2").json;
        Object.assign(resources ?? {}, { aws_dynamodb_table: { New: { name: "tap-jobs-prod-us-west-2" } } });
      },
    ],
    [
      "the worker has a table of its own",
      (changed) => {
        const lambda = resource(find(changed, "tap-jobs-prod-us-west-2"), "aws_lambda_function", "work");
        Object.assign((lambda.environment as { variables: object }).variables, {
          TABLE_NAME: "tap-jobs-prod-us-west-2",
        });
      },
    ],
    [
      "results go to the region that is lost",
      (changed) => {
        const lambda = resource(find(changed, "tap-jobs-prod-us-west-2"), "aws_lambda_function", "work");
        Object.assign((lambda.environment as { variables: object }).variables, {
          BUCKET_NAME: "tap-jobs-results-prod-us-east-1-333333333333",
        });
      },
    ],
    [
      "the jobs are told of the records' table",
      (changed) => {
        const lambda = resource(find(changed, "tap-jobs-prod-us-west-2"), "aws_lambda_function", "follow");
        Object.assign((lambda.environment as { variables: object }).variables, {
          TABLE_NAME: "tap-records-prod-us-east-1",
        });
      },
    ],
    [
      "no function of the records is told of a table",
      (changed) => {
        for (const [, lambda] of Object.entries(
          find(changed, "tap-records-prod-us-west-2").json.resource?.aws_lambda_function ?? {},
        ))
          delete (lambda.environment as { variables: Record<string, unknown> }).variables.TABLE_NAME;
      },
    ],
    [
      "a role may not read the replica",
      (changed) => {
        const read = resource(
          find(changed, "tap-records-prod-us-west-2"),
          "aws_iam_role_policy",
          "Read_Role_data-access",
        );
        rewrite(read, "policy", (statements) => statements.filter(({ Sid }) => Sid !== "Table"));
      },
    ],
    [
      "a role may decrypt with the key of what is new here, not with the replicas'",
      (changed) => {
        const stack = find(changed, "tap-records-prod-us-west-2");
        const read = resource(stack, "aws_iam_role_policy", "Read_Role_data-access");
        const Resource = [referenceTo(stack, "aws_kms_key", "Key", "arn")];
        rewrite(
          read,
          "policy",
          changing("TableKey", () => ({ Resource })),
        );
      },
    ],
    [
      "the replicas' key is looked for by another alias",
      (changed) => {
        for (const alias of Object.values(find(changed, "tap-jobs-prod-us-west-2").json.data?.aws_kms_alias ?? {}))
          alias.name = "alias/tap-jobs-prod-us-west-2";
      },
    ],
    [
      "there are no functions",
      (changed) => {
        for (const stack of changed) if (stack.component !== "api") delete stack.json.resource?.aws_lambda_function;
      },
    ],
    [
      "the states aren't replicated any more",
      (changed) => {
        delete find(changed, "tap-bootstrap-prod-us-east-1").json.resource?.aws_s3_bucket_replication_configuration;
      },
    ],
  ])("PLAT-14 is red when %s, after a failover", (_, mutate) => {
    const changed = copyOfStacks();
    mutate(changed);
    expect(JSON.stringify(changed)).not.toBe(JSON.stringify(stacks));
    expect(plat14.judge(subjectWith(changed)).length).toBeGreaterThan(0);
  });

  test.each<[string, (changed: StackJson[]) => void]>([
    [
      "the tables' replicas aren't backed up",
      (changed) => {
        const selection = resource(find(changed, "tap-security-prod-us-west-2"), "aws_backup_selection");
        selection.resources = (selection.resources as string[]).filter((arn) => !arn.endsWith("-prod-us-east-1"));
      },
    ],
    [
      "the results aren't backed up",
      (changed) => {
        const selection = resource(find(changed, "tap-security-prod-us-west-2"), "aws_backup_selection");
        selection.resources = (selection.resources as string[]).filter((arn) => !arn.includes(":s3:"));
      },
    ],
    [
      "the role may not back up the replicas",
      (changed) => {
        const policy = resource(find(changed, "tap-security-prod-us-west-2"), "aws_iam_role_policy", "Role_tables");
        rewrite(
          policy,
          "policy",
          changing("BackUpTables", ({ Resource }) => ({
            Resource: [Resource ?? []].flat().filter((arn) => !arn.endsWith("-prod-us-east-1")),
          })),
        );
      },
    ],
  ])("PLAT-22 is red when %s, after a failover", (_, mutate) => {
    const changed = copyOfStacks();
    mutate(changed);
    expect(JSON.stringify(changed)).not.toBe(JSON.stringify(stacks));
    expect(plat22.judge(subjectWith(changed)).length).toBeGreaterThan(0);
  });
});
