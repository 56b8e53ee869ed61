import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateStageCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteStageCommand,
  DeleteUsagePlanCommand,
  DeleteUsagePlanKeyCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import type { Arguments } from "../arguments";
import {
  type Computed,
  type Place,
  present,
  put,
  type ResourceType,
  type ResourceTypes,
  tagsIgnored,
  textOf,
} from "./resource-type";

/** Where callers reach a stage in the emulator. */
export function invokeUrl(endpoint: string, restApiId: string, stageName: string): string {
  return `${endpoint}/_aws/execute-api/${restApiId}/${stageName}`;
}

const stage: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["rest_api_id", "stage_name"],
  async create(given, place, begun) {
    const [restApiId, stageName] = [given.text("rest_api_id"), given.text("stage_name")];
    await place.client(APIGatewayClient).send(
      new CreateStageCommand({
        restApiId,
        stageName,
        deploymentId: given.text("deployment_id"),
        tracingEnabled: given.flagIf("xray_tracing_enabled"),
        variables: given.mapIf("variables"),
      }),
    );
    const computed = made(restApiId, stageName, place);
    begun(computed);
    await setAccessLogs(given, place);
    return computed;
  },
  async update(given, place, before) {
    const [restApiId, stageName] = [given.text("rest_api_id"), given.text("stage_name")];
    const patchOperations = [
      { op: "replace" as const, path: "/deploymentId", value: given.text("deployment_id") },
      { op: "replace" as const, path: "/tracingEnabled", value: String(given.flagIf("xray_tracing_enabled") ?? false) },
    ];
    given.ignore(["variables"]);
    await place.client(APIGatewayClient).send(new UpdateStageCommand({ restApiId, stageName, patchOperations }));
    await setAccessLogs(given, place);
    return before.computed;
  },
  async remove(place, before) {
    const [restApiId, stageName] = [textOf(before, "rest_api_id"), textOf(before, "stage_name")];
    await place.client(APIGatewayClient).send(new DeleteStageCommand({ restApiId, stageName }));
  },
};

async function setAccessLogs(given: Arguments, place: Place): Promise<void> {
  const settings = given.block("access_log_settings");
  if (settings === undefined) return;
  const values = { destinationArn: settings.text("destination_arn"), format: settings.text("format") };
  const patchOperations = Object.entries(values).map(([name, value]) => ({
    op: "replace" as const,
    path: `/accessLogSettings/${name}`,
    value,
  }));
  const [restApiId, stageName] = [given.text("rest_api_id"), given.text("stage_name")];
  await place.client(APIGatewayClient).send(new UpdateStageCommand({ restApiId, stageName, patchOperations }));
}

function made(restApiId: string, stageName: string, { region, accountId, endpoint }: Place): Computed {
  return {
    id: `ags-${restApiId}-${stageName}`,
    arn: `arn:aws:apigateway:${region}::/restapis/${restApiId}/stages/${stageName}`,
    execution_arn: `arn:aws:execute-api:${region}:${accountId}:${restApiId}/${stageName}`,
    invoke_url: invokeUrl(endpoint, restApiId, stageName),
  };
}

const settingPaths = {
  data_trace_enabled: "logging/dataTrace",
  logging_level: "logging/loglevel",
  metrics_enabled: "metrics/enabled",
  throttling_burst_limit: "throttling/burstLimit",
  throttling_rate_limit: "throttling/rateLimit",
} as const;

const methodSettings = put(
  async (given, place) => {
    const [restApiId, stageName] = [given.text("rest_api_id"), given.text("stage_name")];
    const path = given.text("method_path");
    const settings = given.mapIf("settings") ?? {};
    const unknown = Object.keys(settings).filter((name) => !(name in settingPaths));
    if (unknown.length > 0) throw new Error(`${given.place}: ${unknown.join(", ")} is not among the known settings`);
    const patchOperations = Object.entries(settings).map(([name, value]) => ({
      op: "replace" as const,
      path: `/${path}/${settingPaths[name as keyof typeof settingPaths]}`,
      value,
    }));
    await place.client(APIGatewayClient).send(new UpdateStageCommand({ restApiId, stageName, patchOperations }));
    return { id: `${restApiId}-${stageName}-${path}` };
  },
  { replacedBy: ["rest_api_id", "stage_name", "method_path"] },
);

const apiKey: ResourceType = {
  ignored: tagsIgnored,
  async create(given, place) {
    const { id, value } = await place.client(APIGatewayClient).send(
      new CreateApiKeyCommand({
        name: given.text("name"),
        description: given.textIf("description"),
        enabled: given.flagIf("enabled") ?? true,
        value: given.textIf("value"),
      }),
    );
    const made = present(id, "id");
    return { id: made, arn: `arn:aws:apigateway:${place.region}::/apikeys/${made}`, value: present(value, "value") };
  },
  async remove(place, before) {
    await place.client(APIGatewayClient).send(new DeleteApiKeyCommand({ apiKey: textOf(before, "id") }));
  },
};

const usagePlan: ResourceType = {
  ignored: tagsIgnored,
  async create(given, place) {
    const [quota, throttle] = [given.block("quota_settings"), given.block("throttle_settings")];
    const { id } = await place.client(APIGatewayClient).send(
      new CreateUsagePlanCommand({
        name: given.text("name"),
        description: given.textIf("description"),
        apiStages: given
          .blocks("api_stages")
          .map((each) => ({ apiId: each.text("api_id"), stage: each.text("stage") })),
        quota: quota && {
          limit: quota.number("limit"),
          period: quota.text("period") as "DAY",
          offset: quota.numberIf("offset"),
        },
        throttle: throttle && {
          burstLimit: throttle.numberIf("burst_limit"),
          rateLimit: throttle.numberIf("rate_limit"),
        },
      }),
    );
    return { id: present(id, "id") };
  },
  async remove(place, before) {
    await place.client(APIGatewayClient).send(new DeleteUsagePlanCommand({ usagePlanId: textOf(before, "id") }));
  },
};

const usagePlanKey: ResourceType = {
  async create(given, place) {
    const { id, value } = await place.client(APIGatewayClient).send(
      new CreateUsagePlanKeyCommand({
        usagePlanId: given.text("usage_plan_id"),
        keyId: given.text("key_id"),
        keyType: given.text("key_type"),
      }),
    );
    return { id: present(id, "id"), ...(value === undefined ? {} : { value }) };
  },
  async remove(place, before) {
    const [usagePlanId, keyId] = [textOf(before, "usage_plan_id"), textOf(before, "key_id")];
    await place.client(APIGatewayClient).send(new DeleteUsagePlanKeyCommand({ usagePlanId, keyId }));
  },
};

export const types: ResourceTypes = {
  aws_api_gateway_api_key: apiKey,
  aws_api_gateway_method_settings: methodSettings,
  aws_api_gateway_stage: stage,
  aws_api_gateway_usage_plan: usagePlan,
  aws_api_gateway_usage_plan_key: usagePlanKey,
};
