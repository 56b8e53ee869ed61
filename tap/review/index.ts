export { atLeast, classes, type ReviewClass, worst } from "./classes";
export type {
  AttributeDiff,
  CheckReview,
  OutputReview,
  Review,
  ReviewAction,
  ReviewedChange,
  StackNote,
  StackReview,
} from "./model";
export { planProblem } from "./plan";
export { type MarkdownOptions, reviewMarkdown } from "./render/markdown";
export { reviewText, type TextOptions } from "./render/text";
export { headline } from "./render/words";
export { type ReviewOptions, reviewPlans, type StackPlanJson } from "./review";

import type { Review } from "./model";

/** A review for programs. */
export function reviewJson(review: Review): string {
  return JSON.stringify(review, null, 2);
}
