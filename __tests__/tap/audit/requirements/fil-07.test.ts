import { type Synthesized, toSubject } from "../../../../tap/audit/requirement";
import { requirements } from "../../../../tap/audit/requirements";
import { fil06 } from "../../../../tap/audit/requirements/fil-06";
import { fil07 } from "../../../../tap/audit/requirements/fil-07";
import { type Mutation, prove } from "../../../support/prove";
import { copied, only, resource } from "../../../support/synthesized";
import { synthesizeWithUserPools } from "../../../support/with-user-pools";
import {
  aloneWith,
  files,
  filesResource,
  filesRoute,
  filesSetting,
  filesWith,
  filesWithin,
  filesWithout,
} from "./files-mutations";
import { referenceTo } from "./mutations";

const plan = "aws_api_gateway_usage_plan";
const key = "aws_api_gateway_api_key";
const planKey = "aws_api_gateway_usage_plan_key";
const settings = "aws_api_gateway_method_settings";
const method = "aws_api_gateway_method";
const authorizer = "aws_api_gateway_authorizer";
const routes = ["POST /files", "GET /files", "GET /files/{id}", "DELETE /files/{id}"];

prove(
  fil07,
  {
    ...Object.fromEntries(
      routes.flatMap((route): [string, Mutation][] => [
        [`${route} asks for no key`, filesRoute(method, route, { api_key_required: false })],
        [`${route} says nothing of keys`, filesRoute(method, route, { api_key_required: undefined })],
      ]),
    ),
    "a preflight asks for a key": filesRoute(method, "OPTIONS /files", { api_key_required: true }),
    "a client may call a hundred times a second": filesWithin(plan, undefined, "throttle_settings.rate_limit", 100),
    "a client may call once a second": filesWithin(plan, undefined, "throttle_settings.rate_limit", 1),
    "a client may call more at once": filesWithin(plan, undefined, "throttle_settings.burst_limit", 2_000),
    "a client has no limit": filesSetting(plan, undefined, { throttle_settings: undefined }),
    "a client may call so often a day": filesSetting(plan, undefined, {
      quota_settings: { limit: 100, period: "DAY" },
    }),
    "a method has another limit": filesWithin(plan, undefined, "api_stages.0.throttle", [
      { path: "/files/GET", rate_limit: 10_000, burst_limit: 5_000 },
    ]),
    "the plan is of no stage": filesSetting(plan, undefined, { api_stages: [] }),
    "there is no plan": filesWithout(plan),
    "there is a second plan": filesWith(plan, (stack) => ({ ...resource(stack, plan), name: "tap-files-other" })),
    "a client has no key": filesWithout(key, "web"),
    "a client's key is of no plan": filesWithout(planKey, "web"),
    "a client's key is of another plan": filesSetting(planKey, "web", { usage_plan_id: "abcdef" }),
    "a client's key is off": filesSetting(key, "web", { enabled: false }),
    "a client's key is written down": filesSetting(key, "web", { value: "0123456789abcdef0123" }),
    "somebody else has a key": filesWith(key, { name: "tap-files-friend" }),
    "somebody else's key is of the plan": filesWith(planKey, (stack) => ({
      ...resource(stack, planKey),
      key_id: "abcdefghij",
    })),
    "all together have other limits": filesWithin(settings, "Stage", "settings.throttling_rate_limit", 10_000),
    "all together may call more at once": filesWithin(settings, "Stage", "settings.throttling_burst_limit", undefined),
    "one method has other limits": filesWith(settings, (stack) => ({
      ...resource(stack, settings, "Stage"),
      method_path: "files/GET",
    })),
    "there is a second API": filesWith("aws_api_gateway_rest_api", { name: "tap-files-other" }),
    "somebody's users are trusted": filesWith(authorizer, (stack) => ({
      rest_api_id: referenceTo(stack, "aws_api_gateway_rest_api", "RestApi", "id"),
      name: "tap-files-other",
      type: "COGNITO_USER_POOLS",
      provider_arns: ["arn:aws:cognito-idp:us-east-1:999999999999:userpool/us-east-1_Other"],
    })),
    "a method asks for a token of nobody's": filesRoute(method, "GET /files", {
      authorization: "COGNITO_USER_POOLS",
      authorizer_id: "abcdef",
    }),
    "there are no files": files((stack) => {
      Object.assign(stack, { component: "jobs" });
    }),
  },
  aloneWith(["files"]),
);

const withPools = synthesizeWithUserPools();
const pooled = (environment: string, { alone = false }): Synthesized =>
  copied(alone ? only(withPools, environment) : withPools);

const ofPools = { ...aloneWith(["files"], pooled), environments: ["dev", "prod"] };

/** One, as what there is to judge is in each: as a graph it is kept for all rules. */
const withPoolsInDev = toSubject(only(withPools, "dev"));

test.each(requirements.map((requirement) => [requirement.id, requirement] as const))(
  "%s holds where users call the files",
  (_, requirement) => {
    expect(requirement.judge(withPoolsInDev)).toEqual([]);
  },
);

/** Where user pools are configured. */
prove(
  fil07,
  {
    ...Object.fromEntries(
      routes.flatMap((route): [string, Mutation][] => [
        [`${route} asks for no token`, filesRoute(method, route, { authorization: "NONE", authorizer_id: undefined })],
        [`${route} asks for a token and no key`, filesRoute(method, route, { api_key_required: false })],
      ]),
    ),
    "a method takes AWS's signatures": filesRoute(method, "GET /files", { authorization: "AWS_IAM" }),
    "a method has another authorizer": filesRoute(method, "GET /files", { authorizer_id: "abcdef" }),
    "a method asks for scopes": filesRoute(method, "GET /files", { authorization_scopes: ["files/read"] }),
    "a preflight asks for a token": filesRoute(method, "OPTIONS /files", (attributes, stack) => {
      attributes.authorization = "COGNITO_USER_POOLS";
      attributes.authorizer_id = referenceTo(stack, authorizer, "Authorizer", "id");
    }),
    "nobody checks tokens": filesWithout(authorizer),
    "two check tokens": filesWith(authorizer, (stack) => resource(stack, authorizer)),
    "a pool more is trusted": filesResource(authorizer, undefined, (attributes) => {
      const arns = attributes.provider_arns as string[];
      attributes.provider_arns = [...arns, "arn:aws:cognito-idp:us-east-1:999999999999:userpool/us-east-1_Other"];
    }),
    "a pool isn't trusted": filesResource(authorizer, undefined, (attributes) => {
      attributes.provider_arns = (attributes.provider_arns as string[]).slice(1);
    }),
    "a function checks tokens": filesSetting(authorizer, undefined, { type: "TOKEN" }),
    "tokens are in another header": filesSetting(authorizer, undefined, {
      identity_source: "method.request.header.x-token",
    }),
    "the authorizer is another API's": filesSetting(authorizer, undefined, { rest_api_id: "abcdef" }),
  },
  ofPools,
);

prove(
  fil06,
  {
    "pages can't send a token": filesRoute("aws_api_gateway_integration_response", "OPTIONS /files", (attributes) => {
      const name = "method.response.header.access-control-allow-headers";
      const own = attributes.response_parameters as Record<string, string>;
      own[name] = String(own[name]).replace("authorization,", "");
    }),
    "a method asks for no token": filesRoute(method, "DELETE /files/{id}", {
      authorization: "NONE",
      authorizer_id: undefined,
    }),
  },
  ofPools,
);
