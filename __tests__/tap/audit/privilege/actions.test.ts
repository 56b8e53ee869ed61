import { actionsOfCall, actionsOfCalls, broughtByLibraries } from "../../../../tap/audit/privilege/actions";
import { actionOf, expandAction, keyExists, takesKey } from "../../../../tap/audit/privilege/iam-data";
import { managedPolicies } from "../../../../tap/audit/privilege/managed-policies";

test.each<[string, readonly (readonly string[])[]]>([
  ["dynamodb:GetItem", [["dynamodb:GetItem"]]],
  ["s3:HeadObject", [["s3:GetObject", "s3:GetObjectVersion"]]],
  ["s3:ListObjectsV2", [["s3:ListBucket"]]],
  ["s3:CopyObject", [["s3:GetObject", "s3:GetObjectVersion"], ["s3:PutObject"]]],
  ["bedrock-runtime:Converse", [["bedrock:InvokeModel"]]],
  ["sqs:SendMessageBatch", [["sqs:SendMessage"]]],
  ["secrets-manager:PutSecretValue", [["secretsmanager:PutSecretValue"]]],
  ["cloudwatch-logs:PutLogEvents", [["logs:PutLogEvents"]]],
  ["lambda:Invoke", [["lambda:InvokeFunction"]]],
  ["dynamodb:NoSuchThing", []],
])("%s asks for %j", (call, needs) => {
  expect(actionsOfCall(call).needs).toEqual(needs);
});

test("every action that is written anywhere exists", () => {
  const calls = [
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:PutObjectTagging",
    "s3:CopyObject",
    "s3:PutObject",
  ];
  const written = [
    ...calls.flatMap((call) => [...actionsOfCall(call).needs.flat(), ...actionsOfCall(call).may]),
    ...actionsOfCall("dynamodb:ExecuteStatement").needs.flat(),
    ...actionsOfCall("dynamodb:TransactWriteItems").needs.flat(),
    ...Object.values(managedPolicies).flatMap((statements) => statements.flatMap(({ actions }) => actions)),
  ];
  expect(written.filter((action) => actionOf(action) === undefined)).toEqual([]);
});

test("what libraries bring is called only where they do", () => {
  for (const { operations, called, why } of broughtByLibraries) {
    expect(why.length).toBeGreaterThan(30);
    expect(operations).toEqual(expect.arrayContaining([...called]));
    for (const operation of called) expect(actionOf(operation)).toBeDefined();
  }
  expect(actionsOfCalls(["dynamodb:DescribeEndpoints", "dynamodb:GetItem"]).map(({ call }) => call)).toEqual([
    "dynamodb:GetItem",
  ]);
  expect(actionsOfCalls(["ssm:PutParameter"]).map(({ call }) => call)).toEqual(["ssm:PutParameter"]);
});

test("the reference is read: types, keys, patterns", () => {
  expect(actionOf("S3:getobject")).toMatchObject({ name: "s3:GetObject", accessLevel: "Read" });
  expect(actionOf("s3:GetObject")?.resources).toContain("arn:*:s3:::|/*");
  expect(expandAction("dynamodb:*Item").map(({ name }) => name)).toContain("dynamodb:BatchGetItem");
  expect(expandAction("nothing:*")).toEqual([]);
  expect(takesKey(actionOf("kms:Decrypt"), "kms:EncryptionContext:aws:sqs:arn")).toBe(true);
  expect(takesKey(actionOf("sqs:SendMessage"), "kms:ViaService")).toBe(false);
  expect(keyExists("aws:PrincipalTag/team")).toBe(true);
  expect(keyExists("token.actions.githubusercontent.com:sub")).toBe(true);
  expect(keyExists("aws:PrincipalTeam")).toBe(false);
});
