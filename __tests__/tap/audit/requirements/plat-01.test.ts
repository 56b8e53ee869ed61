import { plat01 } from "../../../../tap/audit/requirements/plat-01";
import { prove } from "../../../support/prove";
import { provider, stackOf } from "../../../support/synthesized";

prove(plat01, {
  "a stack has no backend": (subject, environment) => {
    delete stackOf(subject, environment, "network", "us-west-2").json.terraform?.backend;
  },
  "a stack keeps its state locally": (subject, environment) => {
    stackOf(subject, environment, "network", "us-west-2").json.terraform = { backend: { local: {} } };
  },
  "a provider is of another region": (subject, environment) => {
    const stack = stackOf(subject, environment, "network", "us-west-2");
    stack.json.provider = { aws: [{ ...provider(stack), region: "eu-west-1" }] };
  },
  "a provider is added": (subject, environment) => {
    stackOf(subject, environment, "network", "us-west-2").json.provider?.aws?.push({
      alias: "other",
      region: "eu-west-1",
    });
  },
  "a provider has no default tags": (subject, environment) => {
    delete provider(stackOf(subject, environment, "network", "us-west-2")).default_tags;
  },
  "a stack puts nothing out": (subject, environment) => {
    delete stackOf(subject, environment, "network", "us-west-2").json.output;
  },
  "a stack's id has another suffix": (subject, environment) => {
    const stack = stackOf(subject, environment, "network", "us-west-2") as { id: string };
    stack.id = "tap-network-other-us-east-1";
  },
});
