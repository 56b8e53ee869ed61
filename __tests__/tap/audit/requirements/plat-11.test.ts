import { plat11 } from "../../../../tap/audit/requirements/plat-11";
import { type Mutation, prove } from "../../../support/prove";
import { stackOf } from "../../../support/synthesized";

/** Takes out every stack of a component, in all environments at once. */
const withoutAny =
  (component: string): Mutation =>
  ({ stacks }) => {
    stacks.splice(0, stacks.length, ...stacks.filter((stack) => stack.component !== component));
  };

const everywhere = {
  "no environment has a network": withoutAny("network"),
  "a region lacks its network": (subject, environment) => {
    subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "network", "us-west-2")), 1);
  },
  "a network is in a region that the environment hasn't": (subject, environment) => {
    const stack = stackOf(subject, environment, "network", "us-west-2");
    subject.stacks.push({ ...stack, id: `tap-network-${environment}-eu-west-1`, region: "eu-west-1" });
  },
  "a short-lived environment has a bootstrap of its own": (subject, environment) => {
    const stack = stackOf(subject, environment, "network", "us-west-2");
    subject.stacks.push({ ...stack, id: `tap-bootstrap-${environment}-us-west-2`, component: "bootstrap" });
  },
  "another stack makes an OIDC provider": (subject, environment) => {
    const { json } = stackOf(subject, environment, "network", "us-west-2");
    json.resource = { ...json.resource, aws_iam_openid_connect_provider: { Other: { url: "https://example.com" } } };
  },
  "another stack sets API Gateway's log role": (subject, environment) => {
    const { json } = stackOf(subject, environment, "network", "us-west-2");
    json.resource = { ...json.resource, aws_api_gateway_account: { Other: {} } };
  },
  "a stack reads another's remote state": (subject, environment) => {
    stackOf(subject, environment, "network", "us-west-2").json.data = { terraform_remote_state: { Other: {} } };
  },
} satisfies Parameters<typeof prove>[1];

prove(plat11, everywhere);

/** Short-lived environments live in an account that has its bootstrap already. */
const accounts = ["dev", "staging", "prod"];

prove(
  plat11,
  {
    "an account lacks its bootstrap": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "bootstrap")), 1);
    },
    "no account has its bootstrap": withoutAny("bootstrap"),
    "bootstrap lacks the OIDC provider": (subject, environment) => {
      delete stackOf(subject, environment, "bootstrap").json.resource?.aws_iam_openid_connect_provider;
    },
    "a region lacks API Gateway's log role": (subject, environment) => {
      delete stackOf(subject, environment, "bootstrap").json.resource?.aws_api_gateway_account?.[
        "ApiGatewayAccount-us-west-2"
      ];
    },
    "a region lacks its backup settings": (subject, environment) => {
      delete stackOf(subject, environment, "bootstrap").json.resource?.aws_backup_region_settings?.[
        "BackupSettings-us-west-2"
      ];
    },
  },
  { environments: accounts },
);
