import { plat05 } from "../../../../tap/audit/requirements/plat-05";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { add, jobs, remove } from "./mutations";

type Attributes = Record<string, unknown>;

const api =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "api", "us-west-2"));

/** Of both systems that have an API. */
const systems: Readonly<Record<string, typeof jobs>> = { jobs, api };

const changes: Readonly<Record<string, (stack: StackJson) => void>> = {
  "the stage's rate is another": limits({ throttling_rate_limit: 1 }),
  "the stage's burst is another": limits({ throttling_burst_limit: 5_000 }),
  "the stage has no rate": limits({ throttling_rate_limit: undefined }),
  "the stage has no limits": limits({ throttling_rate_limit: -1, throttling_burst_limit: -1 }),
  "the limits are of one path": settings({ method_path: "health/GET" }),
  "the limits are of another stage": settings({ stage_name: "other" }),
  "the limits don't wait for the stage": settings({ stage_name: "live" }),
  "the limits are of another API": settings({ rest_api_id: "abcdefghij" }),
  "the limits are somebody's to change": settings({ lifecycle: { ignore_changes: ["settings"] } }),
  "the limits are gone": (stack) => {
    delete stack.json.resource?.aws_api_gateway_method_settings;
  },
  "one path has limits of its own": (stack) =>
    add(stack, "aws_api_gateway_method_settings", {
      ...resource(stack, "aws_api_gateway_method_settings"),
      method_path: "health/GET",
      settings: { throttling_rate_limit: 10_000 },
    }),
  "the stage has a deployment that somebody makes by hand": stage({ deployment_id: "abc123" }),
  "the stage has no deployment": stage({ deployment_id: undefined }),
  "the stage keeps its deployment": stage({ lifecycle: { ignore_changes: ["deployment_id"] } }),
  "the stage sends some elsewhere": stage({ canary_settings: { percent_traffic: 50 } }),
  "the stage is of another API": stage({ rest_api_id: "abcdefghij" }),
  "there is a second stage": (stack) =>
    add(stack, "aws_api_gateway_stage", { ...resource(stack, "aws_api_gateway_stage"), stage_name: "other" }),
  "there is no stage": (stack) => {
    delete stack.json.resource?.aws_api_gateway_stage;
  },
  "the deployment is of another API": deployment({ rest_api_id: "abcdefghij" }),
  "the deployment is never made anew": deployment({ triggers: undefined }),
  "the deployment is made anew by nothing": deployment({ triggers: { redeployment: "" } }),
  "the deployment goes before the new one is there": deployment({ lifecycle: {} }),
  "the deployment ignores its trigger": deployment({
    lifecycle: { create_before_destroy: true, ignore_changes: ["triggers"] },
  }),
  "the deployment waits for nothing": deployment({ depends_on: [] }),
  "the deployment doesn't wait for one method": (stack) => {
    const attributes = resource(stack, "aws_api_gateway_deployment");
    const [dropped] = (attributes.depends_on as string[]).filter((address) => /_method\./.test(address));
    attributes.depends_on = (attributes.depends_on as string[]).filter((address) => address !== dropped);
  },
};

prove(
  plat05,
  {
    ...Object.fromEntries(
      Object.entries(systems).flatMap(([system, mutation]) =>
        Object.entries(changes).map(([name, change]) => [`${name} (${system})`, mutation(change)]),
      ),
    ),
    "the deployments are made anew by the same, whatever changes": ({ stacks }) => {
      for (const { json } of stacks)
        for (const each of Object.values(json.resource?.aws_api_gateway_deployment ?? {}))
          each.triggers = { redeployment: "0".repeat(64) };
    },
    "the jobs have no API": jobs((stack) => {
      remove(stack, "aws_api_gateway_rest_api", "RestApi");
    }),
  },
  { alone: true, without: ["files", "stream"] },
);

function limits(changed: Attributes): (stack: StackJson) => void {
  return (stack) => {
    const attributes = resource(stack, "aws_api_gateway_method_settings");
    attributes.settings = { ...(attributes.settings as object), ...changed };
  };
}

function settings(changed: Attributes): (stack: StackJson) => void {
  return (stack) => Object.assign(resource(stack, "aws_api_gateway_method_settings"), changed);
}

function stage(changed: Attributes): (stack: StackJson) => void {
  return (stack) => Object.assign(resource(stack, "aws_api_gateway_stage"), changed);
}

function deployment(changed: Attributes): (stack: StackJson) => void {
  return (stack) => Object.assign(resource(stack, "aws_api_gateway_deployment"), changed);
}
