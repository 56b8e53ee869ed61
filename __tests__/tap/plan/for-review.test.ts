import { forReview } from "../../../tap/plan/for-review";
import { reviewMarkdown, reviewPlans } from "../../../tap/review";
import { planned, planOf } from "../review/plans";
import { recordedCases } from "../review/recorded-plans";

const marks = { before_sensitive: { value: true, pins: [false, true] }, after_sensitive: { value: true } };
const change = planned(
  "aws_api_gateway_api_key",
  { value: "key-of-a-client", pins: ["ab", "9317"], note: "is key-of-a-client", enabled: true },
  { value: "another-key", pins: ["ab"], note: "", enabled: false },
  {},
  marks,
);
const plan = {
  ...planOf(change),
  variables: { secret: { value: "key-of-a-client" } },
  prior_state: { values: { root_module: { resources: [{ values: { value: "key-of-a-client" } }] } } },
  configuration: { root_module: { variables: { secret: { default: "key-of-a-client" } } } },
  output_changes: {
    key: {
      actions: ["update"],
      before: "key-of-a-client",
      after: "another-key",
      before_sensitive: true,
      after_sensitive: true,
    },
  },
};

test("PLAT-13 of a plan that others may read nothing sensitive is left, in no member of it", () => {
  expect(JSON.stringify(forReview(plan))).not.toMatch(/key-of-a-client|another-key|9317/);
});

test("that a sensitive value changes can still be seen, and nothing of what it was", () => {
  const of = (given: unknown) => reviewPlans([{ stackId: "stack", plan: given }]);
  const [before] = of(plan).changes;
  const [after] = of(forReview(plan)).changes;
  expect(after?.attributes).toEqual(before?.attributes);
  expect(after?.attributes.map(({ path }) => path)).toContain("value");
  const same = planOf(planned("other_thing", { value: "the same" }, { value: "the same", n: 1 }, {}, marks));
  expect(of(forReview(same)).changes[0]?.attributes.map(({ path }) => path)).toEqual(["n"]);
});

test("every recorded plan is reviewed as it was", () => {
  for (const { plan: read, name } of recordedCases) {
    const given = JSON.parse(JSON.stringify(read(), (_, value) => value));
    const markdown = (each: unknown) => reviewMarkdown(reviewPlans([{ stackId: "stack", plan: each }]));
    expect([name, markdown(forReview(given))]).toEqual([name, markdown(given)]);
  }
});
