import fc from "fast-check";
import { CustomerKey } from "../../constructs/customer-key";
import type { PolicyStatement } from "../../tap/audit/stack-json";
import { built, EmptyStack, statements } from "../support/constructed";

const account = "111111111111";
const newKey = (stack: EmptyStack) => new CustomerKey(stack, "Key", { description: "A key" });

/** Every grant that a key knows, each for a thing of that name. */
const grants: Readonly<Record<string, (key: CustomerKey, name: string) => void>> = {
  table: (key, name) => key.grantTable(name),
  bucket: (key, name) => key.grantBucket(`arn:aws:s3:::${name}`),
  queue: (key, name) => key.grantQueue(`arn:aws:sqs:us-east-1:${account}:${name}`),
  topic: (key, name) => key.grantTopic(`arn:aws:sns:us-east-1:${account}:${name}`),
  function: (key, name) => key.grantFunction(`arn:aws:lambda:us-east-1:${account}:function:${name}`),
  logGroup: (key, name) => key.grantLogGroup(name),
  trail: (key, name) => key.grantTrail(`arn:aws:cloudtrail:us-east-1:${account}:trail/${name}`),
  publisher: (key, name) =>
    key.grantPublisher("cloudwatch.amazonaws.com", `arn:aws:cloudwatch:us-east-1:${account}:alarm:${name}`),
};
const granted = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...Object.keys(grants)), fc.stringMatching(/^tap-[a-z]{3,8}$/)),
  // A key is of one trail: the account has no use for a second one under it.
  { selector: ([grant, name]) => (grant === "trail" ? grant : `${grant} ${name}`), maxLength: 12 },
);

test("a key that nobody was granted is administered, and used by nobody", () => {
  const stack = new EmptyStack();
  newKey(stack);
  expect(built(stack, "aws_kms_key")).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 7 });
  expect(built(stack, "aws_kms_alias").name).toBe("alias/tap-records-dev-us-east-1");
  expect(Object.keys(statements(stack, "aws_kms_key"))).toEqual(["AccountAdministers"]);
});

/** What a statement that lets somebody use the key, or hand it on, must say of whose calls they are. */
function limitsOf({ Action, Principal }: PolicyStatement): string[] {
  const uses = Action.some((action) => /^kms:(\*|Encrypt|Decrypt|ReEncrypt|Generate|CreateGrant)/.test(action));
  if (!uses) return [];
  const isService = JSON.stringify(Principal).includes(".amazonaws.com");
  return isService ? [account] : [`"kms:CallerAccount":"${account}"`, '"kms:ViaService":'];
}

test("REC-01 whatever is granted, the key is used through named services alone, for things of this account", () => {
  fc.assert(
    fc.property(granted, (list) => {
      const stack = new EmptyStack();
      const key = newKey(stack);
      for (const [grant, name] of list) grants[grant]?.(key, name);
      const policy = statements(stack, "aws_kms_key");
      for (const statement of Object.values(policy))
        for (const limit of limitsOf(statement)) expect(JSON.stringify(statement.Condition)).toContain(limit);
      // Everything that was granted is in the policy, and the account can still administer the key.
      for (const [, name] of list) expect(JSON.stringify(policy)).toContain(name);
      expect(policy.AccountAdministers?.Action).toContain("kms:PutKeyPolicy");
      expect(policy.AccountAdministers?.Action).not.toContain("kms:*");
    }),
    { numRuns: 50 },
  );
});

test("REC-01 a statement of a service names each thing once, with the encryption context that the service sends", () => {
  const stack = new EmptyStack();
  const key = newKey(stack);
  const { trail: _, ...others } = grants;
  for (const grant of Object.values(others)) for (const name of ["tap-a", "tap-b", "tap-a"]) grant(key, name);
  const policy = statements(stack, "aws_kms_key");
  expect(policy.DynamoDb?.Condition).toEqual({
    StringEquals: { "kms:CallerAccount": account, "kms:ViaService": "dynamodb.us-east-1.amazonaws.com" },
    StringLike: { "kms:EncryptionContext:aws:dynamodb:tableName": ["tap-a", "tap-a-*", "tap-b", "tap-b-*"] },
  });
  expect(policy.Logs?.Condition).toEqual({
    ArnEquals: {
      "kms:EncryptionContext:aws:logs:arn": [
        `arn:aws:logs:us-east-1:${account}:log-group:tap-a`,
        `arn:aws:logs:us-east-1:${account}:log-group:tap-b`,
      ],
    },
  });
  expect(policy.Publishcloudwatchamazonawscom).toMatchObject({
    Principal: { Service: ["cloudwatch.amazonaws.com"] },
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  });
  expect(policy.ServicesKeepUsing?.Condition).toEqual({
    StringEquals: {
      "kms:CallerAccount": account,
      "kms:ViaService": ["dynamodb.us-east-1.amazonaws.com", "lambda.us-east-1.amazonaws.com"],
    },
  });
});

test("a second trail is refused, where its statements would be the first one's", () => {
  const key = newKey(new EmptyStack());
  grants.trail?.(key, "tap-a");
  expect(() => grants.trail?.(key, "tap-b")).toThrow(/has a grant TrailWrites already/);
});
