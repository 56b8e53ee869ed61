import { type BundledCode, callsInBundles, judgeLeastPrivilege } from "../../../../tap/audit/privilege/least-privilege";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { buildGraph } from "../../../../tap/graph/build";
import { push } from "../../../../tap/graph/sorted";
import { bundles } from "../../../functions/bundle";
import { projectRoot } from "../../../support/project";
import { subjectOf } from "../../../support/synthesized";
import { graphOf, resources } from "../../graph/graph-of";

interface WrittenStatement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string[];
}

let code: Record<string, BundledCode>;
beforeAll(async () => {
  code = (await bundles(projectRoot)) as unknown as Record<string, BundledCode>;
});

const judged = (stacks: readonly StackJson[]) => {
  const graph = buildGraph(stacks);
  return judgeLeastPrivilege(graph, callsInBundles(graph, code));
};

test.each(["prod", "pr12"])(
  "every function of what was synthesized with %s may do what it calls, and nothing else",
  (environment) => {
    const { stacks } = subjectOf(environment);
    const graph = buildGraph(stacks);
    const callsOf = callsInBundles(graph, code);
    const functions = graph.ofType("aws_lambda_function");
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((lambda) => callsOf(lambda) === undefined)).toEqual([]);
    expect(judgeLeastPrivilege(graph, callsOf)).toEqual([]);
  },
);

interface Place {
  /** Of the aws_iam_role_policy. */
  readonly name: string;
  readonly index: number;
}

type Change = (statement: WrittenStatement) => WrittenStatement[];

/** The stack with some of its functions' statements changed. */
function mutated(stack: StackJson, places: readonly Place[], change: Change): StackJson {
  const json = structuredClone(stack.json);
  for (const { name, index } of places) {
    const policy = json.resource?.aws_iam_role_policy?.[name] ?? {};
    const document = JSON.parse(String(policy.policy)) as { Statement: WrittenStatement[] };
    policy.policy = JSON.stringify({
      ...document,
      Statement: document.Statement.flatMap((statement, each) => (each === index ? change(statement) : [statement])),
    });
  }
  return { ...stack, json };
}

/** Statements of the functions of a stack. */
function statementsOf(stack: StackJson): (Place & { readonly statement: WrittenStatement })[] {
  return Object.entries(stack.json.resource?.aws_iam_role_policy ?? {})
    .filter(([name]) => /_(basic-execution|data-access)_/.test(name))
    .flatMap(([name, { policy }]) =>
      (JSON.parse(String(policy)) as { Statement: WrittenStatement[] }).Statement.map((statement, index) => ({
        name,
        index,
        statement,
      })),
    )
    .filter(({ statement }) => statement.Effect === "Allow");
}

const components = ["api", "files", "jobs", "records", "stream"];

/** Statements whose loss nobody can see from what the code calls: another one allows the call on a part, or the same. */
const coveredByOthers = /^(TableIndex|BucketObjects2?|Consume.*Key)$/;

describe.each(components)("changes of one statement of each function of %s", (component) => {
  const stack = subjectOf("prod").stacks.find(
    (each) => each.component === component && each.environmentSuffix === "prod",
  ) as StackJson;
  const all = statementsOf(stack);

  /** Changes that nothing is found of. One statement of each role at a time: findings name the function. */
  function missed(change: Change, among = all): string[] {
    const rounds = new Map<string, typeof all>();
    for (const place of among) push(rounds, `${/_([a-z]+-[a-z]+)_/.exec(place.name)?.[1]} ${place.index}`, place);
    return [...rounds.values()].flatMap((places) => {
      const messages = judged([mutated(stack, places, change)]).map(({ message }) => message);
      return places
        .filter(({ name }) => {
          const lambda = `tap-${component}-${name.split("_")[0]?.toLowerCase()}-prod-`;
          return !messages.some((message) => message.includes(` ${lambda}`));
        })
        .map(({ name, statement }) => `${name} ${statement.Sid}`);
    });
  }

  test("there are some, and as they are they have no finding", () => {
    expect(all.length).toBeGreaterThan(8);
    expect(judged([stack])).toEqual([]);
  });

  test("one that is missing is found", () => {
    expect(
      missed(
        () => [],
        all.filter(({ statement }) => !coveredByOthers.test(statement.Sid)),
      ),
    ).toEqual([]);
  });

  test("one action more is found", () => {
    const more: Record<string, string> = {
      dynamodb: "DeleteTable",
      s3: "PutBucketPolicy",
      sqs: "PurgeQueue",
      kms: "ScheduleKeyDeletion",
    };
    expect(
      missed((statement) => {
        const service = statement.Action[0]?.split(":")[0] ?? "";
        return [{ ...statement, Action: [...statement.Action, `${service}:${more[service] ?? "TagResource"}`] }];
      }),
    ).toEqual([]);
  });

  test("another thing of the same kind is found", () => {
    const other = (arn: string) =>
      arn
        .replace(/^\$\{aws_kms_key\..*/, "arn:aws:kms:us-east-1:333333333333:key/00000000-0000-0000-0000-000000000000")
        .replace(/(tap-|parameter\/tap\/|inference-profile\/|foundation-model\/)/, "$1other-");
    const named = all.filter(({ statement }) => statement.Resource.every((arn) => other(arn) !== arn));
    expect(named.length).toBeGreaterThan(all.length / 2);
    expect(missed((statement) => [{ ...statement, Resource: statement.Resource.map(other) }], named)).toEqual([]);
  });
});

test("findings name the policy that is to be changed, and say what is wrong", () => {
  const stack = subjectOf("prod").stacks.find(({ id }) => id.startsWith("tap-records-prod")) as StackJson;
  const [first] = statementsOf(stack).filter(({ statement }) => statement.Action.includes("dynamodb:UpdateItem"));
  const { name = "", index = 0 } = first ?? {};
  const change = (actions: string[]) =>
    judged([mutated(stack, [{ name, index }], (statement) => [{ ...statement, Action: actions }])]);
  expect(change(["dynamodb:GetItem"])).toEqual([
    {
      stack: stack.id,
      address: `aws_iam_role_policy.${name}`,
      message: expect.stringContaining("it calls dynamodb:UpdateItem (dynamodb:UpdateItem)"),
    },
  ]);
  expect(change(["dynamodb:*Item"])).toEqual([
    {
      stack: stack.id,
      address: `aws_iam_role_policy.${name}`,
      message: expect.stringContaining("dynamodb:*Item is also dynamodb:BatchGetItem, dynamodb:BatchWriteItem"),
    },
  ]);
});

test("a function whose code nobody knows isn't judged", () => {
  const { stacks } = subjectOf("prod");
  expect(judgeLeastPrivilege(buildGraph(stacks), () => undefined)).toEqual([]);
});

describe("hand-made functions", () => {
  const basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  const table = "arn:aws:dynamodb:us-east-1:111111111111:table/orders";
  const orders = { Effect: "Allow", Action: "dynamodb:GetItem", Resource: table };
  const lambda = {
    function_name: "read",
    role: "${aws_iam_role.R.arn}",
    environment: { variables: { TABLE: "orders" } },
  };

  function found(change: { managed?: string; boundary?: object; statements?: object[]; lambda?: object }): string[] {
    const policy = (statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const graph = graphOf({
      s: {
        resource: resources({
          "aws_dynamodb_table.Orders": { name: "orders" },
          "aws_lambda_function.F": { ...lambda, ...change.lambda },
          "aws_iam_role.R": {
            name: "read",
            ...(change.boundary ? { permissions_boundary: "${aws_iam_policy.B.arn}" } : {}),
          },
          "aws_iam_role_policy.P": { role: "${aws_iam_role.R.id}", policy: policy(change.statements ?? [orders]) },
          "aws_iam_role_policy_attachment.A": { role: "${aws_iam_role.R.name}", policy_arn: change.managed ?? basic },
          "aws_iam_policy.B": { name: "boundary", policy: policy([change.boundary ?? orders]) },
        }),
      },
    });
    return judgeLeastPrivilege(graph, () => ["dynamodb:GetItem"]).map(
      ({ address, message }) => `${address} ${message}`,
    );
  }

  test("AWS's own policies for functions are known", () => {
    expect(found({})).toEqual([]);
  });

  test("with another policy of AWS's nobody knows what isn't allowed, but what is too much is found", () => {
    const managed = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess";
    expect(found({ managed, statements: [] })).toEqual([]);
    expect(found({ managed, statements: [{ ...orders, Action: "dynamodb:PutItem" }] })).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.P allows read what its code never uses.*dynamodb:PutItem$/),
    ]);
  });

  test("a boundary that doesn't allow it counts", () => {
    const boundary = { Effect: "Allow", Action: ["dynamodb:*", "logs:*"], Resource: "*" };
    expect(found({ boundary })).toEqual([]);
    expect(found({ boundary: { ...boundary, Action: "logs:*" } })).not.toEqual([]);
  });

  test("a condition that never holds for the code is no right; one that may hold is", () => {
    const under = (key: string, value: string) => ({ ...orders, Condition: { StringEquals: { [key]: value } } });
    expect(found({ statements: [under("aws:PrincipalAccount", "222222222222")] })).not.toEqual([]);
    expect(found({ statements: [under("kms:ViaService", "s3.us-east-1.amazonaws.com")] })).not.toEqual([]);
    expect(found({ statements: [under("dynamodb:LeadingKeys", "a")] })).toEqual([]);
  });

  test("what Lambda does for it is needed too: a VPC, traces, settings under a key", () => {
    expect(found({ lambda: { vpc_config: { subnet_ids: ["subnet-1"], security_group_ids: ["sg-1"] } } })).toHaveLength(
      4,
    );
    expect(found({ lambda: { tracing_config: { mode: "Active" } } })).toHaveLength(2);
    expect(found({ lambda: { tracing_config: { mode: "PassThrough" } } })).toEqual([]);
    const key = "arn:aws:kms:us-east-1:111111111111:key/0b2c";
    expect(found({ lambda: { kms_key_arn: key } })).toEqual([expect.stringContaining("decrypts its settings")]);
  });

  test.each([
    [{ role: null }],
    [{ environment: "x", vpc_config: [null], dead_letter_config: 3 }],
    [{ logging_config: [[]] }],
  ])("odd shapes don't throw: %j", (odd) => {
    expect(() => found({ lambda: odd })).not.toThrow();
  });
});
