import type { GraphNode } from "../../graph/model";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { type Gateway, gatewayOf } from "../gateway";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import { throttling, usagePlan } from "./api-08";

/** 100 requests a minute, which the gateway counts by the second, and 200 at once. */
const ofEachClient = { rateLimit: 1.67, burstLimit: 200 };

export const fil07: Requirement = {
  id: "FIL-07",
  checks:
    "Every method but preflights asks for an API key, and where user pools are configured for their users' token as well; each configured client has a key of its own, of a plan with 100 requests a minute and 200 at once; all together have the stage's configured limits.",
  why: "Usage plans know keys alone: a method without one has no limit, and one client's loop is everybody's outage.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, { files: { api, clients, userPoolArns } }) => {
      const gateway = gatewayOf(subject.graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      return [
        ...usagePlan(gateway, { ...ofEachClient, clients }),
        ...throttling(gateway, { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit }),
        ...authorizers(gateway, userPoolArns),
        ...gateway.parts("method").flatMap((method) => findingsOn(method, access(gateway, method, userPoolArns))),
      ];
    }),
};

/** Who asks for a user's token; undefined where nobody does. */
export function authorizerOf({ parts }: Gateway): GraphNode | undefined {
  return parts("authorizer")[0];
}

/** One that trusts exactly the configured pools; none without. */
function authorizers({ graph, api, parts }: Gateway, userPoolArns: readonly string[]): Finding[] {
  const [authorizer, ...others] = parts("authorizer");
  if (userPoolArns.length === 0)
    return parts("authorizer").flatMap((each) =>
      findingsOn(each, ["trusts somebody whom the configuration doesn't name"]),
    );
  if (authorizer === undefined || others.length > 0)
    return findingsOn(api, [`must have one authorizer, of ${userPoolArns.join(", ")}`]);
  return findingsOn(
    authorizer,
    differences(graph, authorizer, {
      ...kept(authorizer, "name"),
      rest_api_id: referenceTo(api, "id"),
      type: "COGNITO_USER_POOLS",
      provider_arns: userPoolArns,
    }),
  );
}

function access(gateway: Gateway, { attributes }: GraphNode, userPoolArns: readonly string[]): string[] {
  const { api_key_required, authorization, authorizer_id, authorization_scopes, http_method } = attributes;
  const authorizer = authorizerOf(gateway);
  // Browsers send neither with a preflight.
  const isPreflight = http_method === "OPTIONS";
  const wantsToken = userPoolArns.length > 0 && !isPreflight;
  const token = wantsToken
    ? authorization === "COGNITO_USER_POOLS" &&
      authorizer !== undefined &&
      authorizer_id === referenceTo(authorizer, "id") &&
      // With scopes it would be the access token that is asked for, and another one that says who it is.
      authorization_scopes === undefined
    : authorization === "NONE" && authorizer_id === undefined;
  return [
    ...(api_key_required === !isPreflight ? [] : [`must ${isPreflight ? "not " : ""}ask for an API key`]),
    ...(token ? [] : [`must ${wantsToken ? "" : "not "}ask for a user's token`]),
  ];
}
