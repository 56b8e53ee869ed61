import { stackIdOf } from "../../../config/backend";
import { expectThat, judgeEach, type Requirement } from "../requirement";

export const plat01: Requirement = {
  id: "PLAT-01",
  checks: "Every stack has its id, remote state, one provider of its own region and account, tags, and outputs.",
  why: "A stack that brings any of these by itself can end in another account, without state, or unseen.",
  judge: (subject) =>
    judgeEach(subject, "all", (stack, environment) => {
      const providers = stack.json.provider?.aws ?? [];
      const [provider] = providers;
      return [
        ...expectThat(
          stack.id === stackIdOf(stack.component, environment.environmentSuffix, stack.region),
          stack,
          "has an id that isn't made of component, suffix and region",
        ),
        ...expectThat(
          Object.keys(stack.json.terraform?.backend ?? {}).join() === "s3",
          stack,
          "has another backend than S3",
        ),
        ...expectThat(providers.length === 1, stack, `has ${providers.length} aws providers`),
        ...expectThat(provider?.region === stack.region, stack, `has a provider of the region ${provider?.region}`),
        ...expectThat(Array.isArray(provider?.default_tags), stack, "has a provider without default tags"),
        ...expectThat(Object.keys(stack.json.output ?? {}).length > 0, stack, "puts nothing out"),
      ];
    }),
};
