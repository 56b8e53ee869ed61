import { plat15 } from "../../../../tap/audit/requirements/plat-15";
import { type Mutation, prove } from "../../../support/prove";
import { provider, resource, stackOf } from "../../../support/synthesized";

const tag =
  (change: (tags: Record<string, string>) => void): Mutation =>
  (subject, environment) => {
    const { default_tags } = provider(stackOf(subject, environment, "network", "us-west-2"));
    const [{ tags }] = default_tags as [{ tags: Record<string, string> }];
    change(tags);
  };

prove(plat15, {
  ...Object.fromEntries(
    ["Environment", "Region", "Project", "Repository", "Author", "Owner", "Component", "CostCenter", "ManagedBy"].map(
      (key) => [
        `the tag ${key} is missing`,
        tag((tags) => {
          delete tags[key];
        }),
      ],
    ),
  ),
  "the author is a person": tag((tags) => {
    tags.Author = "jane";
  }),
  "a stack is tagged with the primary region": tag((tags) => {
    tags.Region = "us-east-9";
  }),
  "a resource overrides a tag": (subject, environment) => {
    resource(stackOf(subject, environment, "network", "us-west-2"), "aws_vpc").tags = { Owner: "someone" };
  },
  "a resource in another region has its provider's region tag": (subject, environment) => {
    Object.assign(resource(stackOf(subject, environment, "network", "us-west-2"), "aws_vpc"), { region: "eu-west-1" });
  },
  "a resource without tags of its own is in another region": (subject, environment) => {
    const key = resource(stackOf(subject, environment, "network", "us-west-2"), "aws_kms_key");
    expect(key.tags).toBeUndefined();
    key.region = "eu-west-1";
  },
  "a resource in another region is tagged with the stack's": (subject, environment) => {
    Object.assign(resource(stackOf(subject, environment, "network", "us-west-2"), "aws_kms_key"), {
      region: "eu-west-1",
      tags: { Region: "us-west-2" },
    });
  },
});
