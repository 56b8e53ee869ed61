import { compareFolders } from "../../../tap/parity/against";
import { differencesOf } from "../../../tap/parity/differences";
import { flattenStack } from "../../../tap/parity/flatten";
import { differsInDigestsAlone, translation } from "../../../tap/parity/identity";
import { differingKeys, withKeys } from "../../../tap/parity/keys";
import { mayShow, recordReads } from "../../../tap/parity/reads";

const dev = { environmentSuffix: "dev", accountId: "111111111111", regionNames: ["us-east-1", "us-west-2"] };
const staging = { environmentSuffix: "staging", accountId: "222222222222", regionNames: ["us-east-2", "us-west-2"] };
const { translate, isSame } = translation(dev, staging);

describe("names of two environments", () => {
  test.each([
    ["tap-jobs-dev-us-east-1", "tap-jobs-staging-us-east-2"],
    ["arn:aws:sqs:us-west-2:111111111111:tap-dev", "arn:aws:sqs:us-west-2:222222222222:tap-staging"],
    ["use1-az4", "use2-az4"],
    ["https://dev.example.com", "https://staging.example.com"],
    ["\\ndev", "\\nstaging"],
  ])("%s is the same as %s", (first, second) => {
    expect(translate(first)).toBe(second);
    expect(isSame(first, second)).toBe(true);
  });

  test.each([
    ["device-dev", "device-staging"],
    ["devdev", "devdev"],
    ["1111111111112", "1111111111112"],
  ])("%s becomes %s: only whole words are names", (first, second) => {
    expect(translate(first)).toBe(second);
  });

  test.each([
    ["tap-dev", "tap-prod"],
    ["tap-us-east-1", "tap-us-west-2"],
    ["arn:us-west-2", "arn:us-east-2"],
    ["dev", undefined],
    ["1", "2"],
  ])("%s and %s are different", (first, second) => expect(isSame(first, second)).toBe(false));

  test("a region that stands in both is meant as such, also where it is one's own", () => {
    expect(isSame("bedrock us-east-2 in dev", "bedrock us-east-2 in staging")).toBe(true);
  });

  test("digests alone may follow from names", () => {
    expect(differsInDigestsAlone('"a/0123456789abcdef"', '"a/fedcba9876543210"')).toBe(true);
    expect(differsInDigestsAlone('"a/0123456789abcdef"', '"b/fedcba9876543210"')).toBe(false);
    expect(differsInDigestsAlone('"10"', '"20"')).toBe(false);
  });
});

describe("a stack as attributes", () => {
  const statement = (Sid: string, Action: string) => ({ Sid, Action: [Action], Resource: "*" });
  const policy = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const flat = (attributes: Record<string, unknown>, name = "Role_1A2B3C4D") =>
    flattenStack({ resource: { aws_iam_policy: { [name]: attributes } } });

  test("goes into JSON in texts, and tells statements apart by their Sid", () => {
    const differences = differencesOf(
      flat({ policy: policy(statement("A", "s3:GetObject"), statement("B", "s3:PutObject")) }),
      flat({
        policy: policy(statement("New", "s3:*"), statement("A", "s3:GetObject"), statement("B", "s3:DeleteObject")),
      }),
    );
    expect(differences.map(({ path, before, after }) => [path, before, after])).toEqual([
      ['policy.Statement["B"].Action', '["s3:PutObject"]', '["s3:DeleteObject"]'],
      ['policy.Statement["New"].Sid', undefined, '"New"'],
      ['policy.Statement["New"].Action', undefined, '["s3:*"]'],
      ['policy.Statement["New"].Resource', undefined, '"*"'],
    ]);
  });

  test("leaves cdktf's remarks out, and pairs resources by their construct", () => {
    const remark = (path: string) => ({ "//": { metadata: { path, uniqueId: "x" } } });
    expect(
      differencesOf(
        flat({ ...remark("tap-x-dev-us-east-1/Role"), name: "a" }, "Role_11111111"),
        flat({ ...remark("tap-x-prod-us-east-1/Role"), name: "b" }, "Role_22222222"),
      ).map(({ address, path }) => [address, path]),
    ).toEqual([
      ["aws_iam_policy.Role_22222222", ""],
      ["aws_iam_policy.Role_22222222", "name"],
    ]);
  });

  test("has outputs, variables, locals, providers and the backend as well", () => {
    const stack = flattenStack({
      data: { aws_region: { here: {} } },
      output: { id: { value: "x" } },
      variable: { role: { default: "y" } },
      locals: { a: { b: 1 } },
      provider: { aws: [{ region: "us-east-1" }, { alias: "b", region: "us-west-2" }] },
      terraform: { backend: { s3: { key: "k" } } },
    });
    expect([...stack.values()].map(({ address, leaves }) => [address, Object.fromEntries(leaves)])).toEqual([
      ["data.aws_region.here", { "": "{}" }],
      ["output.id", { value: '"x"' }],
      ["variable.role", { default: '"y"' }],
      ["locals.a", { b: "1" }],
      ["provider.aws[0]", { region: '"us-east-1"' }],
      ["provider.aws[1]", { alias: '"b"', region: '"us-west-2"' }],
      ["terraform", { "backend.s3.key": '"k"' }],
    ]);
  });

  test.each([null, [], "text", 1, { resource: [] }, { resource: { aws_x: null } }, { provider: { aws: null } }])(
    "takes whatever is in a file: %j",
    (json) => expect(() => flattenStack(json as never)).not.toThrow(),
  );
});

describe("keys of the configuration", () => {
  const before = { logs: { days: 14 }, list: [1, 2], same: { a: 1 }, old: true };
  const after = { logs: { days: 30 }, list: [1], same: { a: 1 }, domain: { name: "x" } };

  test("are leaves; a list is one, and so is an object that only one has", () => {
    expect(differingKeys(before, after).map(({ name }) => name)).toEqual(["logs.days", "list", "old", "domain"]);
  });

  test("are set one by one, or all", () => {
    const keys = differingKeys(before, after);
    expect(withKeys(before, keys)).toEqual(after);
    expect(withKeys(before, keys.slice(0, 1))).toEqual({ ...before, logs: { days: 30 } });
    expect(before.logs.days).toBe(14);
  });
});

describe("what is read of an object", () => {
  const object = { a: { b: 1, c: 2 }, list: [1, 2], rest: { x: { y: 1 } } };

  test("is noted by its path", () => {
    const { recorded, paths } = recordReads(object);
    expect(recorded.a.b + recorded.list.reduce((sum, item) => sum + item)).toBe(4);
    expect([...paths]).toEqual(["a.b", "list"]);
  });

  test("is all of an object whose keys are asked for", () => {
    const { recorded, paths } = recordReads(object);
    expect({ ...recorded.rest }).toEqual({ x: { y: 1 } });
    expect(mayShow(["rest.x.y"], paths)).toBe(true);
    expect(mayShow(["a.b"], paths)).toBe(false);
  });

  test("is noted where there is nothing yet", () => {
    const { recorded, paths } = recordReads<{ domain?: { name: string } }>({});
    expect(recorded.domain).toBeUndefined();
    expect(mayShow(["domain.name"], paths)).toBe(true);
  });
});

describe("two points in time", () => {
  const stack = (id: string, resources: Record<string, Record<string, Record<string, unknown>>>) => ({
    id,
    json: { resource: resources },
  });

  test("are listed by stack, resource and attribute", () => {
    expect(
      compareFolders(
        [
          stack("a", { aws_sqs_queue: { Jobs: { delay: 1, old: true }, Gone: {} } }),
          stack("b", {}),
          stack("same", { aws_sqs_queue: { Jobs: {} } }),
        ],
        [
          stack("a", { aws_sqs_queue: { Jobs: { delay: 2, young: true }, New: {} } }),
          stack("c", {}),
          stack("same", { aws_sqs_queue: { Jobs: {} } }),
        ],
      ),
    ).toEqual({
      stacks: [
        {
          stack: "a",
          change: "changed",
          resources: [
            {
              address: "aws_sqs_queue.Jobs",
              change: "changed",
              attributes: [
                { path: "delay", change: "changed", before: 1, after: 2 },
                { path: "old", change: "removed", before: true },
                { path: "young", change: "added", after: true },
              ],
            },
            { address: "aws_sqs_queue.Gone", change: "removed", attributes: [] },
            { address: "aws_sqs_queue.New", change: "added", attributes: [] },
          ],
        },
        { stack: "b", change: "removed", resources: [] },
        { stack: "c", change: "added", resources: [] },
      ],
    });
  });
});
