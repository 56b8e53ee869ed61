import type { Attributes } from "../../graph/terraform-json";
import { expectThat, judgeEach, type Requirement, sameJson } from "../requirement";
import { resourcesOf } from "../stack-json";

/** What can be in another region than its stack and takes no tags; any other type says there which region it is in. */
const withoutTags =
  /^aws_(api_gateway_account|backup_region_settings|kms_alias|s3_bucket_(cors_configuration|lifecycle_configuration|logging|object_lock_configuration|ownership_controls|policy|public_access_block|replication_configuration|server_side_encryption_configuration|versioning))$/;

export const plat15: Requirement = {
  id: "PLAT-15",
  checks:
    "The provider's default tags are the nine, from the configuration; a resource in another region is tagged with its own; nothing else overrides them.",
  why: "Cost and ownership are looked up by tags: what lacks one belongs to nobody.",
  judge: (subject) =>
    judgeEach(subject, "all", (stack, environment) => {
      const expected = {
        Environment: environment.environmentSuffix,
        Region: stack.region,
        Project: environment.tags.project,
        Repository: environment.repository,
        Author: environment.tags.author,
        Owner: environment.tags.owner,
        Component: stack.component,
        CostCenter: environment.tags.costCenter,
        ManagedBy: "terraform",
      };
      return [
        ...expectThat(
          sameJson(stack.json.provider?.aws?.[0]?.default_tags, [{ tags: expected }]),
          stack,
          `must have the default tags ${JSON.stringify(expected)}`,
        ),
        ...resourcesOf(stack).flatMap(({ type, attributes, address }) => {
          const tags = (attributes.tags ?? {}) as Attributes;
          const own = attributes.region ?? stack.region;
          const overridden = Object.keys(tags).filter(
            (key) => key in expected && !(key === "Region" && own !== stack.region),
          );
          const elsewhere = own !== stack.region && !withoutTags.test(type);
          return [
            ...expectThat(overridden.length === 0, stack, `overrides the tags ${overridden.join(", ")}`, address),
            ...expectThat(
              !elsewhere || tags.Region === own,
              stack,
              `is in ${String(own)} and tagged otherwise`,
              address,
            ),
          ];
        }),
      ];
    }),
};
