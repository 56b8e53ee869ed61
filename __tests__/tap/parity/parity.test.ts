import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadEnvironments, sources } from "../../../config/load";
import type { FunctionBundles } from "../../../main";
import { readCdktfFolder } from "../../../tap/graph/read-cdktf";
import { parseStackId } from "../../../tap/graph/stack-id";
import { type Attributes, isObject } from "../../../tap/graph/terraform-json";
import { differencesOf } from "../../../tap/parity/differences";
import { type FolderStack, flattenStack } from "../../../tap/parity/flatten";
import { openLaboratory, stacksByPlace } from "../../../tap/parity/laboratory";
import { checkParity } from "../../../tap/parity/parity";
import type { DeclaredDifference, ParityReport } from "../../../tap/parity/report";
import { idOf } from "../../../tap/selection";
import { projectRoot } from "../../support/project";
import { backend } from "../../support/synthesized";

// As in the bundle of the command (bin/bundle.mjs): half the time.
jest.mock("cdktf/lib/tokens/private/stack-trace", () => ({ captureStackTrace: () => [] }));

jest.setTimeout(300_000);

const hash = "0123456789abcdef0123";
const functionBundles: FunctionBundles = Object.fromEntries(
  readdirSync(join(projectRoot, "functions"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/]+\/[^/]+\/handler\.ts$/.test(path))
    .map((path) => [path.replace("/handler.ts", ""), { folder: __dirname, hash }]),
);

/** What was synthesized for all tests, as if all functions had the same code. */
const declared: readonly FolderStack[] = readCdktfFolder(join(projectRoot, ".cache", "test-synth", "declared")).map(
  ({ id, json }) => ({
    id,
    json: JSON.parse(JSON.stringify(json).replaceAll(/(assets\/[^/"]+\/)[0-9a-f]{16}/g, `$1${hash.slice(0, 16)}`)),
  }),
);

/** A copy of the stacks of some components, changed by hand. */
function folderOf(components: readonly string[], change: (stack: (id: string) => Changed) => void = () => {}) {
  const stacks = structuredClone(declared.filter(({ id }) => components.includes(parseStackId(id)?.component ?? "")));
  const stackOf = (id: string) => {
    const found = stacks.find((stack) => stack.id === id);
    if (found === undefined) throw new Error(`There is no ${id}`);
    return found.json as Changed;
  };
  change(stackOf);
  return stacks;
}

interface Changed {
  resource: Record<string, Record<string, Attributes>>;
}

function only(json: Changed, type: string, part: string): [string, Attributes] {
  const found = Object.entries(json.resource[type] ?? {}).filter(([name]) => name.includes(part));
  if (found.length !== 1) throw new Error(`${found.length} ${type} with "${part}" in their names`);
  return found[0] as [string, Attributes];
}

const check = (
  stacks: readonly FolderStack[],
  environments: readonly string[] = ["staging", "prod"],
  of: readonly unknown[] = sources,
): Promise<ParityReport> => checkParity({ stacks, sources: of, variables: {}, backend, functionBundles, environments });

const found = ({ findings }: ParityReport) =>
  findings.map(({ kind, stack, address, path }) => [kind, stack, address, path].filter((part) => part !== undefined));

describe("our configuration", () => {
  let report: ParityReport;
  beforeAll(async () => {
    report = await check(folderOf(["records", "jobs", "network", "bootstrap"]), ["dev", "staging", "prod"]);
  });

  test("parity holds: each environment has what the others have, but for what the configuration declares", () => {
    expect(found(report)).toEqual([]);
    expect(report).toMatchObject({ holds: true, alike: 0 });
    expect(report.pairs.map(({ environments }) => environments)).toEqual([
      ["dev", "staging"],
      ["staging", "prod"],
    ]);
  });

  test.each([
    ["aws_sqs_queue.", "message_retention_seconds", "jobs.queue.messageRetentionDays"],
    ["aws_lambda_function.work", "memory_size", "jobs.lambda.memorySizeMb"],
    ["aws_dynamodb_table.", "point_in_time_recovery.enabled", "jobs.table.pointInTimeRecovery"],
    ["aws_subnet.Subnet3", "availability_zone_id", "regions.primary.zoneIds"],
    ["aws_vpc.", "cidr_block", "regions.primary.cidrBlock"],
    ["aws_dynamodb_table_replica.", undefined, "recovery.secondRegion"],
    ["aws_kms_key.", "deletion_window_in_days", "kms.deletionWindowDays"],
  ])("%s %s is declared by %s", (address, path, key) => {
    const differences = report.pairs
      .flatMap(({ differences }) => differences)
      .filter((difference) => difference.address?.startsWith(address) && difference.path === path)
      .filter(({ stack }) => !stack.includes("west"));
    expect(differences.length).toBeGreaterThan(0);
    expect(new Set(differences.map(({ keys }) => keys.join()))).toEqual(new Set([key]));
  });

  test("keys are shown as each environment sets them", () => {
    const [first, second] = report.pairs;
    const keyOf = (name: string, pair = first) => pair?.keys.find(({ key }) => key === name);
    expect(keyOf("jobs.queue.messageRetentionDays")).toMatchObject({ before: 4, after: 10 });
    expect(keyOf("regions.primary.zoneIds")?.before).toEqual(["use1-az1", "use1-az2", "use1-az4"]);
    expect(keyOf("recovery.secondRegion", second)).toMatchObject({ before: "none", after: "us-west-2" });
  });
});

describe("what is changed by hand in one environment is found, by stack, address and path", () => {
  const jobs = "tap-jobs-prod-us-east-1";

  test.each(["staging", "prod"])("an attribute, in %s", async (environment) => {
    const id = declared.find((stack) => stack.id.startsWith(`tap-records-${environment}`))?.id as string;
    let name = "";
    const report = await check(
      folderOf(["records"], (stack) => {
        const [table, attributes] = only(stack(id), "aws_dynamodb_table", "Table");
        name = table;
        attributes.point_in_time_recovery = { enabled: false };
      }),
    );
    expect(found(report)).toEqual([["changed", id, `aws_dynamodb_table.${name}`, "point_in_time_recovery.enabled"]]);
    expect(report.findings[0]?.message).toContain("is false, where the configuration gives true");
  });

  test("a resource that is gone, one that is called otherwise, a statement that is wider, a new statement, and a new resource", async () => {
    const names: string[] = [];
    const report = await check(
      folderOf(["jobs"], (stack) => {
        const json = stack(jobs);
        const [alarm] = only(json, "aws_cloudwatch_metric_alarm", "Queue_Alarms_age");
        delete json.resource.aws_cloudwatch_metric_alarm?.[alarm];
        const [role, attributes] = only(json, "aws_iam_role_policy", "submit_Role_data");
        const policy = JSON.parse(String(attributes.policy)) as { Statement: { Sid: string; Resource: unknown }[] };
        const [statement] = policy.Statement as [{ Sid: string; Resource: unknown }];
        statement.Resource = "*";
        policy.Statement.unshift({ Sid: "Added", Resource: "*" });
        attributes.policy = JSON.stringify(policy);
        json.resource.aws_sqs_queue = { ...json.resource.aws_sqs_queue, Other: { name: "other" } };
        const [queue, settings] = only(json, "aws_sqs_queue", "Queue_DeadLetter");
        delete json.resource.aws_sqs_queue[queue];
        json.resource.aws_sqs_queue.Renamed = settings;
        names.push(alarm, role, statement.Sid);
      }),
    );
    const [alarm, role, sid] = names;
    expect(new Set(found(report).map(String))).toEqual(
      new Set(
        [
          ["changed", jobs, `aws_cloudwatch_metric_alarm.${alarm}`],
          ["changed", jobs, `aws_iam_role_policy.${role}`, `policy.Statement["${sid}"].Resource`],
          ["changed", jobs, `aws_iam_role_policy.${role}`, 'policy.Statement["Added"].Sid'],
          ["changed", jobs, `aws_iam_role_policy.${role}`, 'policy.Statement["Added"].Resource'],
          ["changed", jobs, "aws_sqs_queue.Other"],
          ["changed", jobs, "aws_sqs_queue.Renamed"],
        ].map(String),
      ),
    );
  });

  test("a difference that the configuration declares and that somebody took back", async () => {
    const report = await check(
      folderOf(["jobs"], (stack) => {
        only(stack(jobs), "aws_dynamodb_table", "Table")[1].point_in_time_recovery = { enabled: false };
      }),
    );
    expect(found(report)).toEqual([
      ["changed", jobs, expect.stringContaining("aws_dynamodb_table."), "point_in_time_recovery.enabled"],
    ]);
  });

  test("another environment's name, where the own one was", async () => {
    const report = await check(
      folderOf(["records"], (stack) => {
        only(stack("tap-records-prod-us-east-1"), "aws_dynamodb_table", "Table")[1].name =
          "tap-records-staging-us-east-2";
      }),
    );
    expect(found(report)).toEqual([
      ["changed", "tap-records-prod-us-east-1", expect.stringContaining("aws_dynamodb_table."), "name"],
    ]);
  });

  test("a stack that is missing, and one that nothing declares", async () => {
    const folder = folderOf(["records"]);
    const extra = { ...(folder[0] as FolderStack), id: "tap-records-prod-us-west-2" };
    const report = await check([...folder.filter(({ id }) => id !== "tap-records-prod-us-east-1"), extra]);
    expect(found(report)).toEqual([
      ["changed", "tap-records-prod-us-west-2"],
      ["changed", "tap-records-prod-us-east-1"],
    ]);
  });

  test("what is changed alike in both is no difference of the two: the folder is another one", async () => {
    const report = await check(
      folderOf(["records"], (stack) => {
        for (const id of ["tap-records-staging-us-east-2", "tap-records-prod-us-east-1"])
          only(stack(id), "aws_dynamodb_table", "Table")[1].billing_mode = "PAY_PER_REQUEST";
      }),
    );
    expect(report).toMatchObject({ holds: true, alike: 2 });
  });
});

describe("configurations of other shapes", () => {
  const [dev, staging, prod] = sources as unknown as [Attributes, Attributes, Attributes];
  const checked = (first: Attributes, second: Attributes, component: string, variables = {}) => {
    const all = [first, second];
    const environments = all.map(({ environment }) => environment as string);
    return checkParity({
      stacks: synthesized(all, component, environments, variables),
      sources: all,
      variables,
      backend,
      functionBundles,
      environments,
    });
  };

  test("a region that one environment has alone is declared, with all its stacks", async () => {
    const { "us-east-1": primary } = prod.regions as Attributes;
    const smaller = {
      ...prod,
      regions: { "us-east-1": primary },
      recovery: { ...(prod.recovery as Attributes), secondRegion: "none" },
    };
    const report = await checked(staging, smaller, "network");
    expect(found(report)).toEqual([]);
    expect(report.pairs[0]?.differences).toContainEqual({
      stack: "tap-network-staging-us-west-2",
      keys: ["regions.secondary"],
    });
  });

  test("two environments of one account are compared, but for what the account has once", async () => {
    const shared = { accountId: "111111111111", sharedAccount: true };
    const first = { ...dev, ...shared };
    const second = { ...staging, ...shared, accountQuotas: { ...(dev.accountQuotas as Attributes) } };
    const report = await checked(first, second, "network");
    expect(found(report)).toEqual([]);
    expect(report.pairs[0]?.keys.map(({ key }) => key)).toEqual(
      expect.arrayContaining(["regions.primary.cidrBlock", "regions.secondary.cidrBlock", "logs.retentionDays"]),
    );
    expect(found(await checked(first, second, "bootstrap"))).toEqual([]);
  });

  test("accounts and primary regions may come from variables", async () => {
    const { primaryRegion: _, ...first } = dev;
    const { primaryRegion: __, ...second } = staging;
    const variables = { TAP_DEV_ACCOUNT_ID: "444444444444", AWS_REGION: "us-west-2" };
    const report = await checked(first, second, "records", variables);
    expect(found(report)).toEqual([]);
    expect(report.pairs[0]?.keys.map(({ key }) => key)).toContain("records.read.reservedConcurrency");
  });

  test("a failover of one environment is declared", async () => {
    const failedOver = {
      ...prod,
      primaryRegion: "us-west-2",
      recovery: { ...(prod.recovery as Attributes), failedOverFrom: "us-east-1" },
    };
    const report = await checked(staging, failedOver, "records");
    expect(found(report)).toEqual([]);
    expect(report.pairs[0]?.keys.map(({ key }) => key)).toContain("recovery.failedOverFrom");
  });
});

test("each key that is changed in one environment is named for all that follows, and nothing else is", async () => {
  const components = { jobs: "jobs", records: "records", logs: "records", alarms: "records", kms: "records" } as const;
  const [dev, staging] = sources as unknown as [Attributes, Attributes];
  const keys = leaves(dev).filter(([[first = ""]]) => first in components);
  const baselines = new Map<string, ParityReport>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), async ([way, value]) => {
      const changed = structuredClone(dev);
      set(changed, way, otherThan(value));
      const all = sources.map((source) => ((source as unknown) === dev ? changed : source));
      fc.pre(isTaken(all));
      const component = components[way[0] as keyof typeof components];
      const baseline = baselines.get(component) ?? (await check(synthesized(sources, component), ["dev", "staging"]));
      baselines.set(component, baseline);
      const [before] = synthesized(sources, component);
      const folder = synthesized(all, component);
      const report = await check(folder, ["dev", "staging"], all);
      expect(found(report)).toEqual([]);

      const key = way.join(".");
      const placeOf = ({ address, path = "" }: DeclaredDifference) => `${address} ${path}`;
      const placesIn = ({ pairs }: ParityReport, which: (difference: DeclaredDifference) => boolean) =>
        pairs.flatMap(({ differences }) => differences.filter(which).map(placeOf));
      const affected = differencesOf(
        flattenStack((before as FolderStack).json),
        flattenStack((folder[0] as FolderStack).json),
      ).map(({ address, path }) => `${address} ${path}`);
      // What the key changed is a difference by this key, or is now as in the other environment.
      const declaredByKey = new Set(placesIn(report, ({ keys }) => keys.includes(key)));
      const stillThere = new Set(placesIn(report, () => true));
      expect(affected.filter((place) => stillThere.has(place) && !declaredByKey.has(place))).toEqual([]);
      if (affected.length > 0 && get(staging, way) !== otherThan(value)) expect(declaredByKey.size).toBeGreaterThan(0);
      // And what is new is by this key.
      const earlier = new Set(placesIn(baseline, () => true));
      for (const { differences } of report.pairs)
        for (const difference of differences)
          if (!earlier.has(placeOf(difference))) expect([key, difference.keys]).toEqual([key, [key]]);
    }),
    { numRuns: 4, interruptAfterTimeLimit: 60_000 },
  );
});

/** Numbers and flags of a configuration, with the way to each. */
function leaves(value: unknown, way: readonly string[] = []): [readonly string[], number | boolean][] {
  if (typeof value === "number" || typeof value === "boolean") return [[way, value]];
  return isObject(value) ? Object.entries(value).flatMap(([name, item]) => leaves(item, [...way, name])) : [];
}

function otherThan(value: number | boolean): number | boolean {
  return typeof value === "boolean" ? !value : value + 1;
}

function set(config: Attributes, way: readonly string[], value: unknown): void {
  const parent = way.slice(0, -1).reduce<Attributes>((object, name) => object[name] as Attributes, config);
  parent[way.at(-1) as string] = value;
}

function get(config: Attributes, way: readonly string[]): unknown {
  return way.reduce<unknown>((object, name) => (isObject(object) ? object[name] : undefined), config);
}

function isTaken(all: readonly unknown[]): boolean {
  try {
    loadEnvironments({ sources: all });
    return true;
  } catch {
    return false;
  }
}

/** A component of some environments, as the configuration gives it. */
function synthesized(
  all: readonly unknown[],
  component: string,
  environments: readonly string[] = ["dev", "staging"],
  variables = {},
): FolderStack[] {
  const laboratory = openLaboratory({ backend, functionBundles, variables });
  try {
    return loadEnvironments({ sources: all, environment: environments, variables }).flatMap((environment) =>
      [...stacksByPlace(environment).values()]
        .filter((stack) => stack.component === component)
        .map((stack) => ({ id: idOf(stack), json: laboratory.synthesize(stack).json })),
    );
  } finally {
    laboratory.close();
  }
}
