import fc from "fast-check";
import { overlaps } from "../../config/cidr";
import { dev } from "../../config/dev";
import { regionRole } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { type LoadOptions, loadEnvironments, sources } from "../../config/load";
import { prod } from "../../config/prod";
import { reservedConcurrency } from "../../config/quotas";
import type { EnvironmentConfig } from "../../config/schema";
import { staging } from "../../config/staging";

const suffixesOf = (options: LoadOptions) =>
  loadEnvironments(options).map(({ environmentSuffix }) => environmentSuffix);

/** What loading refuses, as text. */
function refusalOf(options: LoadOptions): string {
  try {
    loadEnvironments(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("Nothing was refused");
}

function unlessRefused<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** dev without its region, so that another source decides. */
const { primaryRegion: _, ...withoutRegion } = dev;

describe("selection", () => {
  test("without a wish, all declared environments, in the order of promotion", () => {
    expect(suffixesOf({})).toEqual(["dev", "staging", "prod"]);
  });

  test.each([
    [{ environment: "prod" }],
    [{ environmentSuffix: "prod" }],
    [{ environment: ["prod"], environmentSuffix: "prod" }],
    [{ variables: { ENVIRONMENT: "prod" } }],
    [{ variables: { ENVIRONMENT_SUFFIX: "prod" } }],
    [{ variables: { ENVIRONMENT: "prod", ENVIRONMENT_SUFFIX: "prod" } }],
    [{ environment: "prod", variables: { ENVIRONMENT_SUFFIX: "dev" } }],
  ] satisfies [LoadOptions][])("STR-08 environment and environmentSuffix are one thing by two names: %j", (options) => {
    expect(suffixesOf(options)).toEqual(["prod"]);
  });

  test("STR-08 two names that differ are refused, as options and as variables", () => {
    expect(refusalOf({ environment: "dev", environmentSuffix: "prod" })).toContain(
      'environment: "dev" is environmentSuffix by another name, which is "prod"',
    );
    expect(refusalOf({ variables: { ENVIRONMENT: "dev", ENVIRONMENT_SUFFIX: "prod" } })).toContain(
      "ENVIRONMENT_SUFFIX by another name",
    );
  });

  test("an option that names nothing is refused: not all environments", () => {
    expect(refusalOf({ environment: "" })).toContain('environment: "" must name an environment');
    expect(suffixesOf({ variables: { ENVIRONMENT: "" } })).toEqual(["dev", "staging", "prod"]);
  });

  test("several at once, by list or by comma, each once", () => {
    expect(suffixesOf({ environment: "prod,dev" })).toEqual(["prod", "dev"]);
    expect(suffixesOf({ environment: ["dev", "dev", "pr1"] })).toEqual(["dev", "pr1"]);
  });

  test("a short-lived environment is dev under another suffix, with its shortLived settings", () => {
    const [pr12, ...others] = loadEnvironments({ environmentSuffix: "pr12" });
    const [plain] = loadEnvironments({ environment: "dev" });
    expect(others).toEqual([]);
    expect(pr12).toMatchObject({
      name: "dev",
      environmentSuffix: "pr12",
      accountId: plain?.accountId,
      region: plain?.region,
    });
    expect(pr12?.jobs.lambda).toEqual({ memorySizeMb: 512, reservedConcurrency: 2 });
    expect(pr12?.jobs.queue).toEqual(plain?.jobs.queue);
    expect(pr12?.account).toEqual(plain?.account);
  });

  test("FIL-10 any text is a suffix, or is refused with one that is", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => text.trim() !== "" && !text.includes(",")),
        (text) => {
          const valid = /^[a-z0-9]{1,12}$/.test(text.trim());
          try {
            loadEnvironments({ environmentSuffix: text });
            return valid;
          } catch (error) {
            const suggestion = /try "([^"]*)"/.exec((error as Error).message)?.[1];
            // A valid one may still be a slip of a declared name, or be on another's addresses.
            return valid || suggestion === undefined || /^[a-z0-9]{1,12}$/.test(suggestion);
          }
        },
      ),
    );
  });

  test("FIL-10 long texts with the same start get different suggestions", () => {
    const suggestions = ["feature-payments-a", "feature-payments-b"].map(
      (text) => /try "([^"]*)"/.exec(refusalOf({ environmentSuffix: text }))?.[1],
    );
    expect(new Set(suggestions).size).toBe(2);
  });

  test.each(["stagin", "prodd", "dve", "prd"])("FIL-10 %s is refused as a slip of an environment's name", (suffix) => {
    expect(refusalOf({ environment: suffix })).toContain("one slip away from the environment");
  });

  test.each(["dev2", "pr12", "alice", "test"])("FIL-10 %s is no slip", (suffix) => {
    expect(suffixesOf({ environment: suffix })).toEqual([suffix]);
  });
});

describe("region", () => {
  const regionOf = (config: EnvironmentConfig, variables: Record<string, string>) => {
    const [environment] = loadEnvironments({ sources: [config], variables });
    return [environment?.region, environment?.regionSource];
  };

  test("STR-08 the region comes from the configuration, then AWS_REGION, then AWS_DEFAULT_REGION, then a default", () => {
    const variables = { AWS_REGION: "us-west-2", AWS_DEFAULT_REGION: "us-east-1" };
    expect(regionOf(dev, variables)).toEqual(["us-east-1", "configuration"]);
    expect(regionOf(withoutRegion, variables)).toEqual(["us-west-2", "AWS_REGION"]);
    expect(regionOf(withoutRegion, { AWS_DEFAULT_REGION: "us-west-2" })).toEqual(["us-west-2", "AWS_DEFAULT_REGION"]);
    expect(regionOf(withoutRegion, {})).toEqual(["us-east-1", "default"]);
  });

  test("the primary region is first, whatever the order in the file, and has its word in all environments", () => {
    for (const environment of loadEnvironments()) {
      expect(environment.regionNames[0]).toBe(environment.region);
      expect(environment.regionNames.map((region) => regionRole(environment, region))).toEqual([
        "primary",
        "secondary",
      ]);
    }
  });

  test("a third region is one more line", () => {
    const regions = {
      ...dev.regions,
      "eu-west-1": { cidrBlock: "10.2.0.0/16", zoneIds: ["euw1-az1", "euw1-az2", "euw1-az3"] },
    };
    const [environment] = loadEnvironments({ sources: [{ ...dev, regions }] });
    expect(environment?.regionNames).toEqual(["us-east-1", "us-west-2", "eu-west-1"]);
    expect(regionRole(environment as never, "eu-west-1")).toBe("region3");
  });
});

describe("accounts", () => {
  test("PLAT-13 an account is overridden by a variable, and not by one of no environment", () => {
    const [environment] = loadEnvironments({ environment: "dev", variables: { TAP_DEV_ACCOUNT_ID: "444444444444" } });
    expect(environment?.accountId).toBe("444444444444");
    expect(refusalOf({ variables: { TAP_TEST_ACCOUNT_ID: "444444444444" } })).toContain("TAP_TEST_ACCOUNT_ID");
  });

  test("PLAT-13 environments that share an account share its bootstrap", () => {
    const shared = [dev, { ...staging, accountId: dev.accountId }].map((config) => ({
      ...config,
      sharedAccount: true,
    }));
    const environments = loadEnvironments({ sources: shared });
    const account = {
      environmentSuffix: "dev",
      region: "us-east-1",
      stateRegion: "us-east-1",
      environmentSuffixes: ["dev", "staging"],
      regionNames: ["us-east-1", "us-west-2", "us-east-2"],
      apiDomains: [],
      releaseSources: [expect.objectContaining({ environmentSuffix: "dev", accountId: dev.accountId })],
    };
    expect(environments.map((environment) => environment.account)).toEqual([account, account]);
  });

  test("PLAT-08 releases go the way in which the environments are declared, from and to roles of theirs", () => {
    const environments = [...loadEnvironments(), ...loadEnvironments({ environmentSuffix: "pr12" })];
    const way = environments.map(({ environmentSuffix, releaseTarget, account }) => [
      account.releaseSources.map((source) => source.environmentSuffix),
      environmentSuffix,
      `${releaseTarget.environmentSuffix} by ${releaseTarget.account.environmentSuffix} in ${releaseTarget.account.region}`,
    ]);
    expect(way).toEqual([
      [["dev"], "dev", "staging by staging in us-east-2"],
      [["dev"], "staging", "prod by prod in us-east-1"],
      [["staging"], "prod", "prod by prod in us-east-1"],
      // What isn't declared goes nowhere.
      [["dev"], "pr12", "pr12 by dev in us-east-1"],
    ]);
  });

  test("PLAT-08 releases that nobody can remove are refused where the environment is to be destroyable", () => {
    const locked = { ...dev, delivery: { ...dev.delivery, releaseLockMode: "COMPLIANCE" as const } };
    expect(refusalOf({ sources: [locked] })).toContain(
      'dev.delivery.releaseLockMode: "COMPLIANCE" needs deletionProtection',
    );
  });

  test("PLAT-20 where state and roles are doesn't depend on a variable", () => {
    const [environment] = loadEnvironments({ sources: [withoutRegion], variables: { AWS_REGION: "us-west-2" } });
    expect(environment?.region).toBe("us-west-2");
    expect(environment?.account.region).toBe("us-east-1");
  });

  test("PLAT-23 environments that share an account have its quotas", () => {
    const shared = [
      dev,
      { ...staging, accountId: dev.accountId, accountQuotas: { ...dev.accountQuotas, vpcsPerRegion: 9 } },
    ].map((config) => ({ ...config, sharedAccount: true }));
    expect(refusalOf({ sources: shared })).toContain("must be those of dev, which is in the same account");
  });
});

describe("stream and files", () => {
  const streaming = (changes: { [Part in keyof EnvironmentConfig["stream"]]?: object }): EnvironmentConfig => {
    const parts = Object.entries(changes).map(([name, part]) => [
      name,
      { ...dev.stream[name as keyof typeof changes], ...part },
    ]);
    return { ...dev, stream: { ...dev.stream, ...Object.fromEntries(parts) } };
  };

  test.each<[string, EnvironmentConfig, string]>([
    [
      "fewer invocations at once than shards",
      streaming({ kinesis: { shardCount: 3 } }),
      "dev.stream.consume.reservedConcurrency: 2 must be at least kinesis.shardCount (3)",
    ],
    [
      "records that are given up when they are gone",
      streaming({ consumer: { maximumRecordAgeHours: 24 } }),
      "dev.stream.consumer.maximumRecordAgeHours: 24 must be less than kinesis.retentionHours (24)",
    ],
    [
      "a retention below Kinesis's",
      streaming({ kinesis: { retentionHours: 23 } }),
      "dev.stream.kinesis.retentionHours: 23 must be a whole number from 24 to 8760",
    ],
    [
      "a signing key that ends before what it signed",
      streaming({ kinesis: { retentionHours: 49 }, secret: { rotationDays: 3 } }),
      "dev.stream.secret.rotationDays: 3 must be a day more than kinesis.retentionHours (49) at least",
    ],
    [
      "a signing key that stays for a quarter",
      streaming({ secret: { rotationDays: 90 } }),
      "dev.stream.secret.rotationDays: 90 must be a whole number from 1 to 30",
    ],
  ])("STR-01, PLAT-02 refuses %s", (_, config, message) => {
    expect(refusalOf({ sources: [config] })).toContain(message);
  });

  const processing = (changes: Partial<EnvironmentConfig["files"]>, base = staging): EnvironmentConfig => ({
    ...base,
    files: { ...base.files, ...changes },
  });

  test.each<[string, EnvironmentConfig, string]>([
    [
      "more memory than a processor may have",
      processing({ image: { memorySizeMb: 3_008, reservedConcurrency: 2 } }),
      "staging.files.image.memorySizeMb: 3008 must be a whole number from 256 to 2048",
    ],
    [
      "a user pool that is none",
      processing({ userPoolArns: ["arn:aws:cognito-idp:us-east-1:1:userpool/x"] }),
      "must be the ARN of a Cognito user pool",
    ],
    [
      "a user pool of another account",
      processing({ userPoolArns: ["arn:aws:cognito-idp:us-east-2:999999999999:userpool/us-east-2_Abc"] }),
      "must be of the account 222222222222, in one of its regions: us-east-2, us-west-2",
    ],
    [
      "any model",
      processing({ bedrock: { models: [{ profileId: "*", regions: ["us-east-1"] }], dailyTokens: 1 } }),
      'staging.files.bedrock.models.0.profileId: "*" must be the id of an inference profile',
    ],
    [
      "a model in no region",
      processing({ bedrock: { models: [{ profileId: "us.amazon.nova-lite-v1:0", regions: [] }], dailyTokens: 1 } }),
      "staging.files.bedrock.models.0.regions: [] must name a region at least",
    ],
    [
      "no budget",
      processing({ bedrock: { models: [], dailyTokens: 0 } }),
      "staging.files.bedrock.dailyTokens: 0 must be a whole number from 1",
    ],
    [
      "models without a way to them",
      processing({ bedrock: staging.files.bedrock }, dev),
      'dev.files.bedrock.models: needs "bedrock-runtime" among network.interfaceEndpoints',
    ],
  ])("FIL-02, FIL-04, PLAT-02 refuses %s", (_, config, message) => {
    expect(refusalOf({ sources: [config] })).toContain(message);
  });
});

describe("recovery", () => {
  const recovering = (recovery: Partial<EnvironmentConfig["recovery"]>, changes: Partial<EnvironmentConfig> = {}) => ({
    ...prod,
    ...changes,
    recovery: { ...prod.recovery, ...recovery },
  });
  const regionsOf = (config: EnvironmentConfig) => {
    const [environment] = loadEnvironments({ sources: [config] });
    const { region, dataRegion, replicaRegion, account } = environment as NonNullable<typeof environment>;
    return { ...account, region, dataRegion, replicaRegion };
  };

  test("PLAT-14 data and states are replicated to the second region, and nowhere where nobody says so", () => {
    expect(regionsOf(prod)).toMatchObject({
      region: "us-east-1",
      dataRegion: "us-east-1",
      replicaRegion: "us-west-2",
      stateRegion: "us-east-1",
      stateReplicaRegion: "us-west-2",
    });
    const none = { replicaRegion: undefined, stateReplicaRegion: undefined };
    for (const config of [dev, staging, recovering({ secondRegion: "none" })])
      expect(regionsOf(config)).toMatchObject(none);
  });

  test("PLAT-14 a failover moves the work and the states, and neither what data are named after nor the account's roles", () => {
    const failedOver = recovering({ failedOverFrom: "us-east-1" }, { primaryRegion: "us-west-2" });
    expect(regionsOf(failedOver)).toMatchObject({
      region: "us-west-2",
      dataRegion: "us-east-1",
      replicaRegion: "us-west-2",
      stateRegion: "us-west-2",
      stateReplicaRegion: "us-west-2",
    });
    expect(regionsOf(failedOver)).toMatchObject({ environmentSuffix: "prod" });
    expect(loadEnvironments({ sources: [failedOver] })[0]?.account.region).toBe("us-east-1");
  });

  test("PLAT-14 a third region changes nothing of it, wherever it stands in the list", () => {
    const third = { "eu-west-1": { cidrBlock: "10.34.0.0/16", zoneIds: ["euw1-az1", "euw1-az2", "euw1-az3"] } };
    expect(regionsOf({ ...prod, regions: { ...third, ...prod.regions } })).toMatchObject({
      replicaRegion: "us-west-2",
      stateReplicaRegion: "us-west-2",
    });
  });

  test("PLAT-14 a short-lived environment has no second region, whatever its base has or does", () => {
    const shortLived = dev.shortLived as NonNullable<typeof dev.shortLived>;
    const base = recovering({ failedOverFrom: "us-east-1" }, { primaryRegion: "us-west-2", shortLived });
    const [pr12] = loadEnvironments({ sources: [base], environmentSuffix: "pr12" });
    expect(pr12).toMatchObject({ region: "us-west-2", dataRegion: "us-west-2" });
    expect(pr12?.replicaRegion).toBeUndefined();
  });

  test("PLAT-14 environments of one account have their states in the same places", () => {
    const shared = [prod, { ...staging, accountId: prod.accountId }].map((config) => ({
      ...config,
      sharedAccount: true,
    }));
    expect(refusalOf({ sources: shared })).toContain(
      'staging.recovery.secondRegion: "none" must be that of prod (us-west-2), which is in the same account',
    );
  });

  test.each<[string, EnvironmentConfig, string]>([
    [
      "the second region is one of the environment's",
      recovering({ secondRegion: "eu-west-1" }),
      'prod.recovery.secondRegion: "eu-west-1" must be one of the environment\'s other regions: us-west-2',
    ],
    [
      "the second region isn't the first",
      recovering({ secondRegion: "us-east-1" }),
      'prod.recovery.secondRegion: "us-east-1" must be one of the environment\'s other regions: us-west-2',
    ],
    [
      "a failover needs replicas",
      recovering({ secondRegion: "none", failedOverFrom: "us-west-2" }),
      'prod.recovery.failedOverFrom: "us-west-2" needs a secondRegion',
    ],
    [
      "a failover is from another region",
      recovering({ failedOverFrom: "us-east-1" }),
      'prod.recovery.failedOverFrom: "us-east-1" must be the region that was primaryRegion before us-east-1: us-west-2',
    ],
    [
      "a failover is from a region of the environment",
      recovering({ failedOverFrom: "eu-west-1" }),
      'prod.recovery.failedOverFrom: "eu-west-1" must be the region that was primaryRegion',
    ],
    [
      "a failover goes to where the replicas are",
      recovering(
        { failedOverFrom: "us-east-1" },
        {
          primaryRegion: "eu-west-1",
          regions: {
            ...prod.regions,
            "eu-west-1": { cidrBlock: "10.34.0.0/16", zoneIds: ["euw1-az1", "euw1-az2", "euw1-az3"] },
          },
        },
      ),
      'prod.recovery.failedOverFrom: "us-east-1" needs primaryRegion: "us-west-2", where the replicas are (given eu-west-1)',
    ],
    [
      "a variable doesn't decide where data are",
      (({ primaryRegion: _, ...rest }) => rest)(recovering({})),
      'prod.recovery.secondRegion: "us-west-2" needs primaryRegion: where data are replicated from',
    ],
    [
      "backups are kept a day at least",
      recovering({ backupRetentionDays: 0 }),
      "prod.recovery.backupRetentionDays: 0 must be a whole number from 1 to 36500",
    ],
  ])("PLAT-14 PLAT-22 %s", (_, config, message) => {
    expect(refusalOf({ sources: [config] })).toContain(message);
  });
});

describe("domains", () => {
  const named = (
    config: EnvironmentConfig,
    name: string,
    hostedZoneId = "Z0123456789ABCDEFGHIJ",
  ): EnvironmentConfig => ({
    ...config,
    api: { ...config.api, domain: { name, hostedZoneId } },
  });

  test("PLAT-14 no environment has a domain that nobody gave it", () => {
    expect(loadEnvironments().map(({ api, account }) => [api.domain, account.apiDomains])).toEqual(
      Array(3).fill([undefined, []]),
    );
  });

  test.each(["api.example.com", "a.io", "api.xn--bcher-kva.example", `${"a".repeat(52)}.example.com`])(
    "PLAT-14 %s is a domain",
    (name) => {
      const [environment] = loadEnvironments({ sources: [named(dev, name)] });
      expect(environment?.account.apiDomains).toEqual([{ name, hostedZoneId: "Z0123456789ABCDEFGHIJ" }]);
    },
  );

  test.each([
    "API.example.com",
    "api.example.com.",
    "https://api.example.com",
    "*.example.com",
    "api..example.com",
    "-api.example.com",
    "api_1.example.com",
    "localhost",
    "10.0.0.1",
    "",
    `${"a".repeat(53)}.example.com`,
    `${"a".repeat(64)}.com`,
  ])("PLAT-14 %j is none", (name) => {
    expect(refusalOf({ sources: [named(dev, name)] })).toMatch(/^dev\.api\.domain\.name: .* must be a DNS name/);
  });

  test.each(["z0123456789", "/hostedzone/Z0123456789", "example.com", "Z", `Z${"0".repeat(32)}`])(
    "PLAT-14 %j is no hosted zone",
    (id) => {
      expect(refusalOf({ sources: [named(dev, "api.example.com", id)] })).toContain("dev.api.domain.hostedZoneId: ");
    },
  );

  test("PLAT-14 two environments have not one domain; all that do are named at once", () => {
    const sources = [dev, staging, prod].map((config) => named(config, "api.example.com"));
    expect(refusalOf({ sources }).split("\n")).toEqual([
      expect.stringContaining('staging.api.domain.name: "api.example.com" is the domain of dev too'),
      expect.stringContaining('prod.api.domain.name: "api.example.com" is the domain of dev too'),
    ]);
    expect(loadEnvironments({ sources: [named(dev, "a.example.com"), named(prod, "b.example.com")] })).toHaveLength(2);
  });

  test("PLAT-14 a short-lived environment takes no part of dev's traffic, and its account still has dev's rights", () => {
    const domain = { name: "api.example.com", hostedZoneId: "Z0123456789ABCDEFGHIJ" };
    const [pr12] = loadEnvironments({ sources: [named(dev, domain.name)], environmentSuffix: "pr12" });
    expect(pr12?.api).not.toHaveProperty("domain");
    expect(pr12?.account.apiDomains).toEqual([domain]);
  });

  test("PLAT-14 short-lived environments have no domain of their own: it would be one for all of them", () => {
    const settings = { api: { domain: { name: "pr.example.com", hostedZoneId: "Z0123456789ABCDEFGHIJ" } } };
    const shortLived = { ...(dev.shortLived as NonNullable<typeof dev.shortLived>), settings };
    expect(refusalOf({ sources: [{ ...dev, shortLived }] })).toContain(
      'dev.shortLived.settings.api.domain: "pr.example.com" would be the name of every short-lived environment',
    );
  });

  test("PLAT-14 environments of one account have their domains in it", () => {
    const shared = [named(dev, "a.example.com"), { ...named(staging, "b.example.com"), accountId: dev.accountId }];
    const environments = loadEnvironments({ sources: shared.map((config) => ({ ...config, sharedAccount: true })) });
    expect(environments.map(({ account }) => account.apiDomains.map(({ name }) => name))).toEqual(
      Array(2).fill(["a.example.com", "b.example.com"]),
    );
  });
});

describe("addresses", () => {
  test("PLAT-12 ranges of declared and short-lived environments overlap nowhere, whatever the suffixes", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,12}$/), { minLength: 2, maxLength: 2 }), ([a, b]) => {
        // Two that are declared together, and fall on the same addresses, are refused; what is not refused overlaps nowhere.
        const profile = { ...(dev.shortLived as NonNullable<typeof dev.shortLived>), suffixes: [a as string] };
        const attempt = () => [
          ...loadEnvironments(),
          ...loadEnvironments({
            sources: [{ ...dev, shortLived: profile }, staging, prod],
            environmentSuffix: [a as string, b as string],
          }),
        ];
        const environments = unlessRefused(attempt);
        if (environments === undefined) return true;
        const unique = [
          ...new Map(environments.map((environment) => [environment.environmentSuffix, environment])).values(),
        ];
        const ranges = unique.flatMap(({ regions }) => Object.values(regions).map(({ cidrBlock }) => cidrBlock));
        return ranges.every((range, index) => ranges.slice(0, index).every((other) => !overlaps(range, other)));
      }),
    );
  });
});

describe("addresses of many", () => {
  const rangeOf = (suffix: string) =>
    loadEnvironments({ environmentSuffix: suffix })[0]?.regions["us-east-1"]?.cidrBlock;

  test("PLAT-12 short-lived environments are spread over the pool", () => {
    const ranges = Array.from({ length: 100 }, (_, index) => rangeOf(`pr${index}`));
    expect(new Set(ranges).size).toBeGreaterThan(90);
  });

  test("PLAT-12 two short-lived environments of one run that fall on the same addresses are refused", () => {
    const suffixes = Array.from({ length: 500 }, (_, index) => `pr${index}`);
    const first = new Map<unknown, string>();
    const pair = suffixes
      .map((suffix) => {
        const range = rangeOf(suffix);
        const other = first.get(range);
        first.set(range, suffix);
        return other === undefined ? undefined : [other, suffix];
      })
      .find((found) => found !== undefined) as string[];
    expect(refusalOf({ environmentSuffix: pair })).toMatch(
      new RegExp(`"${pair[1]}" gets the addresses .* that "${pair[0]}" has`),
    );
  });
});

describe("quotas", () => {
  test("PLAT-23 what is reserved is every reservedConcurrency of a component, where the component is", () => {
    const [environment] = loadEnvironments({ environment: "dev" });
    const extended = { ...environment, api: { items: { reservedConcurrency: 7 } } } as never;
    expect(reservedConcurrency(extended, "us-east-1")).toBe(86);
    expect(reservedConcurrency(extended, "us-west-2")).toBe(7);
  });

  test("PLAT-23 all environments of an account are added up, and 100 stay unreserved", () => {
    const quotas = {
      concurrentExecutions: 621,
      otherReservedConcurrency: 0,
      vpcsPerRegion: 5,
      otherVpcsPerRegion: 1,
    };
    const sharing = [dev, { ...staging, accountId: dev.accountId }].map((config) => ({
      ...config,
      sharedAccount: true,
      accountQuotas: quotas,
    }));
    // dev 194 and staging 327, where both have their primary region: 521 reservable.
    const inOneRegion = sharing.map((config) => ({ ...config, primaryRegion: "us-west-2" }));
    expect(loadEnvironments({ sources: inOneRegion })).toHaveLength(2);
    const tighter = inOneRegion.map((config) => ({
      ...config,
      accountQuotas: { ...quotas, concurrentExecutions: 620 },
    }));
    expect(refusalOf({ sources: tighter })).toContain(
      "in us-west-2 would hold 521 reserved concurrency, of which 520 can be reserved (620 less the 100 that Lambda keeps)",
    );
    const beside = inOneRegion.map((config) => ({
      ...config,
      accountQuotas: { ...quotas, otherReservedConcurrency: 1 },
    }));
    expect(refusalOf({ sources: beside })).toContain(
      "520 can be reserved (621 less the 100 that Lambda keeps and 1 of others)",
    );
  });
});

describe("values", () => {
  test("PLAT-03 memory, concurrency, throttling, retention and recovery of jobs are as the table of requirements says", () => {
    const table = loadEnvironments().map(({ environmentSuffix, jobs }) => [
      environmentSuffix,
      jobs.lambda.memorySizeMb,
      jobs.lambda.reservedConcurrency,
      jobs.api.throttlingRateLimit,
      jobs.bucket.expirationDays,
      jobs.queue.messageRetentionDays,
      jobs.table.pointInTimeRecovery,
    ]);
    expect(table).toEqual([
      ["dev", 512, 10, 100, 30, 4, false],
      ["staging", 1024, 50, 500, 90, 10, false],
      ["prod", 2048, 200, 2000, "never", 14, true],
    ]);
  });

  test("PLAT-02 everything that is wrong is said at once", () => {
    const broken = { ...dev, accountId: "1", colour: "red", jobs: { ...dev.jobs, lambda: { memorySizeMb: 100 } } };
    const lines = refusalOf({ sources: [broken, { ...staging, accountId: 2 }] }).split("\n");
    expect(lines).toHaveLength(5);
  });

  test("PLAT-02 no source is changed by loading", () => {
    const before = JSON.stringify(sources);
    loadEnvironments({ environment: "dev,pr12" });
    expect(JSON.stringify(sources)).toBe(before);
  });
});
