import fc from "fast-check";
import { componentNames } from "../../config/components";
import {
  executionLogGroupName,
  type NameKindName,
  type NameScope,
  nameKinds,
  resourceName,
} from "../../constructs/names";

const regions = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2", "ap-northeast-1"];
const scope: fc.Arbitrary<NameScope> = fc.record({
  component: fc.constantFrom(...componentNames),
  environmentSuffix: fc.stringMatching(/^[a-z0-9]{1,12}$/),
  region: fc.constantFrom(...regions),
  accountId: fc.stringMatching(/^\d{12}$/),
});
const resource = fc.option(fc.stringMatching(/^[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,6}$/), { nil: undefined });
const kind = fc.constantFrom(...(Object.keys(nameKinds) as NameKindName[]));
const devNetwork: NameScope = {
  component: "network",
  environmentSuffix: "dev",
  region: "us-east-1",
  accountId: "111111111111",
};

test("PLAT-16 a name is tap-{component}[-{resource}]-{environment}-{region}, a bucket's has the account id", () => {
  expect(resourceName(devNetwork, "role", "flow-logs")).toBe("tap-network-flow-logs-dev-us-east-1");
  expect(resourceName(devNetwork, "topic")).toBe("tap-network-dev-us-east-1");
  expect(resourceName(devNetwork, "bucket", "uploads")).toBe("tap-network-uploads-dev-us-east-1-111111111111");
  expect(resourceName(devNetwork, "webAclLogGroup")).toBe("aws-waf-logs-tap-network-dev-us-east-1");
  expect(resourceName(devNetwork, "keyAlias", "logs")).toBe("alias/tap-network-logs-dev-us-east-1");
  expect(executionLogGroupName("a1b2c3", "live")).toBe("API-Gateway-Execution-Logs_a1b2c3/live");
});

test("PLAT-16 every name is within its limit, keeps its end, and is the same each time", () => {
  fc.assert(
    fc.property(scope, kind, resource, (names, of, part) => {
      const name = resourceName(names, of, part);
      const { limit, withAccountId } = nameKinds[of] as { limit: number; withAccountId?: true };
      const end = `-${names.environmentSuffix}-${names.region}${withAccountId ? `-${names.accountId}` : ""}`;
      expect(name.length).toBeLessThanOrEqual(limit);
      expect(name.endsWith(end)).toBe(true);
      expect(name).toMatch(/^(alias\/|\/aws\/lambda\/|aws-waf-logs-)?tap-[a-z0-9-]*[a-z0-9]$/);
      expect(resourceName(names, of, part)).toBe(name);
    }),
  );
});

test("PLAT-16 two things never have one name, shortened or not", () => {
  const thing = fc.tuple(scope, resource);
  fc.assert(
    fc.property(thing, thing, kind, ([scopeA, resourceA], [scopeB, resourceB], of) => {
      // A bucket's name is global; all others may be equal in two accounts.
      const same =
        JSON.stringify([{ ...scopeA, accountId: "" }, resourceA]) ===
        JSON.stringify([{ ...scopeB, accountId: "" }, resourceB]);
      fc.pre(!same);
      return resourceName(scopeA, of, resourceA) !== resourceName(scopeB, of, resourceB);
    }),
    { numRuns: 1_000 },
  );
});

test("PLAT-16 long names with the same start are not cut into one", () => {
  const names = ["one", "two"].map((end) =>
    resourceName(devNetwork, "role", `a-very-long-name-of-a-role-that-does-not-fit-${end}`),
  );
  expect(new Set(names).size).toBe(2);
  expect(names.map((name) => name.length)).toEqual([64, 64]);
});

test.each(["Flow", "flow_logs", "-flow", "flow-", "", "flow--logs"])(
  "PLAT-16 %j is refused as a part of a name",
  (part) => {
    expect(() => resourceName(devNetwork, "role", part)).toThrow(/lower-case words joined by hyphens.*given/);
  },
);
