import { defaultSettings } from "../../../../tap/audit/rule";
import { allow, roleWith } from "../../../../tap/audit/rules/iam-statements";
import { validityRules } from "../../../../tap/audit/rules/iam-validity";
import { buildGraph } from "../../../../tap/graph/build";

/** What the rule finds in a role that may do this on that. */
function found(action: string, resource: string): string[] {
  const rule = validityRules.find(({ id }) => id === "iam-resource-fits");
  const example = roleWith(allow(action, resource));
  const graph = buildGraph("stacks" in example ? [] : [{ id: "example", json: example }]);
  return rule?.judge(graph, defaultSettings).map(({ message }) => message) ?? ["there is no such rule"];
}

test.each([
  ["kinesis:UpdateShardCount", "arn:aws:kinesis:us-east-1:111111111111:stream/orders"],
  ["lambda:CreateEventSourceMapping", "arn:aws:lambda:us-east-1:111111111111:event-source-mapping:*"],
  ["dynamodb:ListTables", "arn:aws:dynamodb:us-east-1:111111111111:table/*"],
])("%s, which takes no resource, is on everything or nothing", (action, resource) => {
  expect(found(action, resource)).toEqual([
    expect.stringContaining(`must name resources that ${action} can be on (it takes \`*\` alone)`),
  ]);
  expect(found(action, "*")).toEqual([]);
});

test.each([
  ["logs:DescribeLogGroups", "arn:aws:logs:us-east-1:111111111111:log-group:*"],
  ["ssm:DescribeParameters", "arn:aws:ssm:us-east-1:111111111111:*"],
])("%s may be on things of its service, which AWS asks for, and on no others", (action, resource) => {
  expect(found(action, resource)).toEqual([]);
  expect(found(action, "arn:aws:s3:::orders")).toHaveLength(1);
});
