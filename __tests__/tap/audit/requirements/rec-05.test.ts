import { rec05 } from "../../../../tap/audit/requirements/rec-05";
import { prove } from "../../../support/prove";
import { recordsResource } from "./mutations";

const waitingFor = (name: string, part: string) =>
  recordsResource("aws_lambda_function", name, (lambda) => {
    const before = lambda.depends_on as string[];
    const after = before.filter((address) => !address.includes(part));
    if (after.length === before.length) throw new Error(`${name} doesn't wait for ${part}`);
    lambda.depends_on = after;
  });

prove(
  rec05,
  Object.fromEntries(
    ["Write", "Read"].flatMap((name) => [
      [`${name} doesn't wait for its log group`, waitingFor(name, "aws_cloudwatch_log_group.")],
      [`${name} doesn't wait for what it needs to run`, waitingFor(name, "basic-execution")],
      [`${name} doesn't wait for its access to data`, waitingFor(name, "data-access")],
      [
        `${name} waits for nothing`,
        recordsResource("aws_lambda_function", name, (lambda) => {
          delete lambda.depends_on;
        }),
      ],
      [
        `the logs of ${name} are kept 30 days`,
        recordsResource("aws_cloudwatch_log_group", name, (group) => {
          group.retention_in_days = 30;
        }),
      ],
      [
        `the logs of ${name} are kept for ever`,
        recordsResource("aws_cloudwatch_log_group", name, (group) => {
          delete group.retention_in_days;
        }),
      ],
    ]),
  ),
  { alone: true, without: ["files", "stream"] },
);
