import { resourcesOf } from "../../tap/audit/stack-json";
import { environmentNames, subjectOf } from "../support/synthesized";

/** What can't be brought back once it is gone, or takes down what stands on it. */
const protectedTypes = ["aws_dynamodb_table", "aws_kms_key", "aws_s3_bucket", "aws_vpc"];

describe.each(environmentNames)("in %s", (environment) => {
  const subject = subjectOf(environment);
  const isProtected = subject.environments.find(
    ({ environmentSuffix }) => environmentSuffix === environment,
  )?.deletionProtection;
  const own = subject.stacks.filter((stack) => stack.environmentSuffix === environment);

  test("deletion protection is on in prod alone", () => {
    expect(isProtected).toBe(environment === "prod");
  });

  test.each(protectedTypes)("every %s may be destroyed exactly where the configuration says so", (type) => {
    const resources = own
      .filter(({ component }) => component !== "bootstrap")
      .flatMap((stack) => resourcesOf(stack, type));
    expect(resources.length).toBeGreaterThan(0);
    for (const { attributes } of resources) {
      const { prevent_destroy } = (attributes.lifecycle ?? {}) as { prevent_destroy?: boolean };
      expect(prevent_destroy ?? false).toBe(isProtected);
      if (type === "aws_dynamodb_table") expect(attributes.deletion_protection_enabled).toBe(isProtected);
      // Or a destroy would stop at the first object.
      if (type === "aws_s3_bucket") expect(attributes.force_destroy ?? false).toBe(!isProtected);
    }
  });
});
