import { reviewMarkdown, reviewPlans, reviewText } from "../../../tap/review";
import { recordedCases } from "./recorded-plans";

test("there are 80 cases and more, each with a name of its own", () => {
  expect(recordedCases.length).toBeGreaterThanOrEqual(80);
  expect(new Set(recordedCases.map(({ name }) => name)).size).toBe(recordedCases.length);
});

test.each(recordedCases.map((one) => [one.name, one] as const))(
  "PLAT-08 a plan of real Terraform is classed, with its reason: %s",
  (_, { plan, class: expected, says, hides = [], losesData = false }) => {
    const review = reviewPlans([{ stackId: "stack", plan: plan() }]);
    const json = JSON.stringify(review);
    expect({ class: review.highest, json }).toEqual({ class: expected, json });
    for (const text of says) expect(json).toContain(text);
    expect(review.losesData.length > 0).toBe(losesData);
    for (const output of [json, reviewMarkdown(review), reviewText(review)])
      for (const text of hides) expect(output).not.toContain(text);
  },
);
