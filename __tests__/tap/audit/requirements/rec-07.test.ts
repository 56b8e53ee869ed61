import { rec07 } from "../../../../tap/audit/requirements/rec-07";
import { prove } from "../../../support/prove";
import { stackOf, subjectOf } from "../../../support/synthesized";
import { records } from "./mutations";

/** Every output, one by one: none is there for nothing. */
const keys = Object.keys(stackOf(subjectOf("dev"), "dev", "records").json.output ?? {});

prove(
  rec07,
  {
    ...Object.fromEntries(
      keys.map((key) => [
        `${key} is not put out`,
        records((stack) => {
          delete stack.json.output?.[key];
        }),
      ]),
    ),
    "an output is another's": records((stack) => {
      stack.json.output = { ...stack.json.output, table_arn: { value: "arn:aws:dynamodb:us-east-1:1:table/other" } };
    }),
  },
  { alone: true, without: ["files", "stream"] },
);
