import { refuseDanglingReferences } from "../../../tap/synth/references";
import { environmentNames, subjectOf } from "../../support/synthesized";

test.each(environmentNames)("PLAT-11 the stacks of %s refer to nothing outside themselves", (environment) => {
  for (const { id, json } of subjectOf(environment).stacks)
    expect(() => refuseDanglingReferences(id, json)).not.toThrow();
});

const key = { aws_kms_key: { Key: {} } };

test.each([
  [
    "a resource",
    { resource: { ...key, aws_sns_topic: { Topic: { kms: "${aws_kms_key.Other.arn}" } } } },
    "aws_kms_key.Other",
  ],
  [
    "a data source",
    { resource: { aws_sns_topic: { Topic: { kms: "${data.aws_ssm_parameter.key.insecure_value}" } } } },
    "data.aws_ssm_parameter.key",
  ],
  [
    "one inside a function",
    {
      resource: {
        ...key,
        aws_sns_topic: { Topic: { kms: '${join(",", [aws_kms_key.Key.arn, aws_kms_key.Gone.arn])}' } },
      },
    },
    "aws_kms_key.Gone",
  ],
  ["one in an output", { output: { arn: { value: "${aws_kms_key.Gone.arn}" } } }, "aws_kms_key.Gone"],
])("PLAT-11 %s that is not in the stack is refused, with the ways to do it", (_, json, missing) => {
  expect(() => refuseDanglingReferences("tap-x", json)).toThrow(
    new RegExp(`tap-x refers to ${missing}, which is not in it[\\s\\S]*outputOf`),
  );
});

test("own resources, variables and functions are no dangling references", () => {
  const json = {
    resource: {
      ...key,
      aws_sns_topic: {
        Topic: { kms: "${aws_kms_key.Key.arn}", role: "${var.provider_role_arn}", json: "${jsonencode({ a = 1 })}" },
      },
    },
  };
  expect(() => refuseDanglingReferences("tap-x", json)).not.toThrow();
});
