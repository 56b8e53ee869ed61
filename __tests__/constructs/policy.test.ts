import { policyJson, serviceTrust } from "../../constructs/policy";
import { ciTrust } from "../../constructs/trust";

test("a policy is literal JSON, and allows unless it says otherwise", () => {
  expect(JSON.parse(policyJson([{ sid: "Read", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::b/*"] }]))).toEqual(
    {
      Version: "2012-10-17",
      Statement: [{ Sid: "Read", Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::b/*"] }],
    },
  );
});

test.each([
  [{ sid: "Empty", actions: [], resources: ["*"] }, /needs an action/],
  [{ sid: "Empty", actions: ["s3:GetObject"], resources: [] }, /needs an action and a resource/],
  [{ sid: "with space", actions: ["s3:GetObject"], resources: ["*"] }, /letters and digits \(given "with space"\)/],
])("%j is refused", (statement, message) => {
  expect(() => policyJson([statement])).toThrow(message);
});

test("a statement that stands twice is refused: IAM would refuse it at apply", () => {
  const statement = { sid: "Table", actions: ["dynamodb:GetItem"], resources: ["arn:aws:dynamodb:x"] };
  expect(() => policyJson([statement, statement])).toThrow(/refuses a second "Table"/);
});

test("a service is trusted for this account's resources alone", () => {
  const trust = JSON.parse(
    serviceTrust("vpc-flow-logs.amazonaws.com", "111111111111", "arn:aws:ec2:*:111111111111:vpc-flow-log/*"),
  );
  expect(trust.Statement[0].Condition).toEqual({
    StringEquals: { "aws:SourceAccount": "111111111111" },
    ArnLike: { "aws:SourceArn": "arn:aws:ec2:*:111111111111:vpc-flow-log/*" },
  });
});

test.each([
  [{ subjects: ["repo:org/*"], roleArns: [] }],
  [{ subjects: [], roleArns: ["arn:aws:iam::111111111111:role/*"] }],
])("PLAT-13 an entrance by wildcard is refused: %j", (inexact) => {
  expect(() => ciTrust({ providerArn: "arn", accountId: "111111111111", ...inexact })).toThrow(/exact \(given/);
});
