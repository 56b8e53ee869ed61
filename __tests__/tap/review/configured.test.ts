import { reviewPlans } from "../../../tap/review";
import { planned, planOf } from "./plans";

const unknown = { after_unknown: { policy: true } };
const topic = { address: 'module.m["a"].aws_sns_topic.It[0]' };

function classWith(expressions: object | undefined) {
  const resources = [{ address: "aws_sns_topic.It", expressions }];
  const configuration = { root_module: { module_calls: { m: { module: { resources } } } } };
  const plan = planOf(planned("aws_sns_topic", null, { name: "news" }, topic, unknown));
  return reviewPlans([{ stackId: "stack", plan: expressions === undefined ? plan : { ...plan, configuration } }])
    .highest;
}

test("a policy that nobody gives is AWS's own; one that is known only after the apply, or may be, is to review", () => {
  expect(classWith({ name: {} })).toBe("safe");
  expect(classWith({ name: {}, policy: { references: ["aws_sqs_queue.It.arn"] } })).toBe("review");
  expect(classWith(undefined)).toBe("review");
});
