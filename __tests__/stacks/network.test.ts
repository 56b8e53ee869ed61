import { environmentNames, resource, stackOf, subjectOf } from "../support/synthesized";

test.each(environmentNames)("the VPC of %s may be destroyed exactly where the configuration says so", (environment) => {
  const subject = subjectOf(environment);
  const { deletionProtection } =
    subject.environments.find(({ environmentSuffix }) => environmentSuffix === environment) ?? {};
  const { lifecycle } = resource(stackOf(subject, environment, "network", "us-west-2"), "aws_vpc");
  expect(lifecycle).toEqual(deletionProtection ? { prevent_destroy: true } : undefined);
  expect(deletionProtection).toBe(environment === "prod");
});
