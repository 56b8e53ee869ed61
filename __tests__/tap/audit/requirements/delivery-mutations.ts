import type { Mutation } from "../../../support/prove";
import { changing, mutationOf, policy, resourceMutationOf, rewrite, type Statement } from "./mutations";

/** Environments with a bootstrap of their own. */
export const declared = ["dev", "staging", "prod"] as const;

/** A mutation of the delivery stack. */
export const delivery = mutationOf("delivery");

/** A mutation of the attributes of exactly one resource of the delivery stack. */
export const deliveryResource = resourceMutationOf(delivery);

/** Changes one statement of the role that reads releases. */
export const readerStatement = (sid: string, changes: (statement: Statement) => Record<string, unknown>): Mutation =>
  deliveryResource(
    "aws_iam_role_policy",
    `ReleaseReader_${sid.endsWith("Ledger") ? "ledger" : "releases"}`,
    (attributes) => rewrite(attributes, "policy", changing(sid, changes)),
  );

/** Changes one statement of the deploy role's or the plan role's policies. */
export const accountStatement = (
  name: string,
  sid: string,
  changes: (statement: Statement) => Record<string, unknown>,
): Mutation => policy("aws_iam_policy", name, "policy", changing(sid, changes));

/** Takes an action out of one statement of theirs. */
export const withoutAction = (name: string, sid: string, action: string): Mutation =>
  accountStatement(name, sid, ({ Action }) => ({ Action: [Action ?? []].flat().filter((each) => each !== action) }));
