import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateModelCommand,
  CreateRequestValidatorCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  DeleteGatewayResponseCommand,
  DeleteIntegrationCommand,
  DeleteIntegrationResponseCommand,
  DeleteMethodCommand,
  DeleteMethodResponseCommand,
  DeleteModelCommand,
  DeleteRequestValidatorCommand,
  DeleteResourceCommand,
  DeleteRestApiCommand,
  GetResourcesCommand,
  PutGatewayResponseCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  UpdateAccountCommand,
} from "@aws-sdk/client-api-gateway";
import type { Arguments } from "../arguments";
import { type Made, present, put, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const account = put(async (given, place) => {
  const value = given.textIf("cloudwatch_role_arn") ?? "";
  await place
    .client(APIGatewayClient)
    .send(new UpdateAccountCommand({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] }));
  return { id: "api-gateway-account" };
});

const restApi: ResourceType = {
  ignored: tagsIgnored,
  async create(given, place, begun) {
    const client = place.client(APIGatewayClient);
    const answer = await client.send(
      new CreateRestApiCommand({
        name: given.text("name"),
        description: given.textIf("description"),
        apiKeySource: given.textIf("api_key_source") as "HEADER" | undefined,
        disableExecuteApiEndpoint: given.flagIf("disable_execute_api_endpoint"),
        endpointConfiguration: { types: given.block("endpoint_configuration")?.texts("types") as ["REGIONAL"] },
        minimumCompressionSize: given.numberIf("minimum_compression_size"),
        binaryMediaTypes: given.texts("binary_media_types"),
        policy: given.textIf("policy"),
      }),
    );
    const id = present(answer.id, "id");
    begun({ id });
    const { items = [] } = await client.send(new GetResourcesCommand({ restApiId: id }));
    return {
      id,
      arn: `arn:aws:apigateway:${place.region}::/restapis/${id}`,
      execution_arn: `arn:aws:execute-api:${place.region}:${place.accountId}:${id}`,
      root_resource_id: present(items.find(({ path }) => path === "/")?.id, "root resource"),
    };
  },
  async remove(place, before) {
    await place.client(APIGatewayClient).send(new DeleteRestApiCommand({ restApiId: textOf(before, "id") }));
  },
};

const resource: ResourceType = {
  async create(given, place) {
    const { id, path } = await place.client(APIGatewayClient).send(
      new CreateResourceCommand({
        restApiId: given.text("rest_api_id"),
        parentId: given.text("parent_id"),
        pathPart: given.text("path_part"),
      }),
    );
    return { id: present(id, "id"), path: present(path, "path") };
  },
  async remove(place, before) {
    const [restApiId, resourceId] = [textOf(before, "rest_api_id"), textOf(before, "id")];
    await place.client(APIGatewayClient).send(new DeleteResourceCommand({ restApiId, resourceId }));
  },
};

/** Of which method something is. */
const methodOf = (given: Arguments) => ({
  restApiId: given.text("rest_api_id"),
  resourceId: given.text("resource_id"),
  httpMethod: given.text("http_method"),
});

const methodBefore = (before: Made) => ({
  restApiId: textOf(before, "rest_api_id"),
  resourceId: textOf(before, "resource_id"),
  httpMethod: textOf(before, "http_method"),
});

const flags = (map: Record<string, string> | undefined) =>
  map && Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value === "true"]));

const method: ResourceType = {
  async create(given, place) {
    const of = methodOf(given);
    await place.client(APIGatewayClient).send(
      new PutMethodCommand({
        ...of,
        authorizationType: given.text("authorization"),
        authorizerId: given.textIf("authorizer_id"),
        authorizationScopes: given.texts("authorization_scopes"),
        apiKeyRequired: given.flagIf("api_key_required"),
        operationName: given.textIf("operation_name"),
        requestParameters: flags(given.mapIf("request_parameters")),
        requestModels: given.mapIf("request_models"),
        requestValidatorId: given.textIf("request_validator_id"),
      }),
    );
    return { id: `agm-${of.restApiId}-${of.resourceId}-${of.httpMethod}` };
  },
  async remove(place, before) {
    await place.client(APIGatewayClient).send(new DeleteMethodCommand(methodBefore(before)));
  },
};

const methodResponse: ResourceType = {
  async create(given, place) {
    const of = { ...methodOf(given), statusCode: given.text("status_code") };
    await place.client(APIGatewayClient).send(
      new PutMethodResponseCommand({
        ...of,
        responseParameters: flags(given.mapIf("response_parameters")),
        responseModels: given.mapIf("response_models"),
      }),
    );
    return { id: `agmr-${of.restApiId}-${of.resourceId}-${of.httpMethod}-${of.statusCode}` };
  },
  async remove(place, before) {
    const statusCode = textOf(before, "status_code");
    await place.client(APIGatewayClient).send(new DeleteMethodResponseCommand({ ...methodBefore(before), statusCode }));
  },
};

const integration = put(
  async (given, place) => {
    const of = methodOf(given);
    await place.client(APIGatewayClient).send(
      new PutIntegrationCommand({
        ...of,
        type: given.text("type") as "AWS_PROXY",
        integrationHttpMethod: given.textIf("integration_http_method"),
        uri: given.textIf("uri"),
        timeoutInMillis: given.numberIf("timeout_milliseconds"),
        passthroughBehavior: given.textIf("passthrough_behavior"),
        requestTemplates: given.mapIf("request_templates"),
        requestParameters: given.mapIf("request_parameters"),
      }),
    );
    return { id: `agi-${of.restApiId}-${of.resourceId}-${of.httpMethod}` };
  },
  {
    replacedBy: ["rest_api_id", "resource_id", "http_method"],
    async remove(place, before) {
      await place.client(APIGatewayClient).send(new DeleteIntegrationCommand(methodBefore(before)));
    },
  },
);

const integrationResponse: ResourceType = {
  async create(given, place) {
    const of = { ...methodOf(given), statusCode: given.text("status_code") };
    await place.client(APIGatewayClient).send(
      new PutIntegrationResponseCommand({
        ...of,
        selectionPattern: given.textIf("selection_pattern"),
        responseParameters: given.mapIf("response_parameters"),
        responseTemplates: given.mapIf("response_templates"),
      }),
    );
    return { id: `agir-${of.restApiId}-${of.resourceId}-${of.httpMethod}-${of.statusCode}` };
  },
  async remove(place, before) {
    const statusCode = textOf(before, "status_code");
    await place
      .client(APIGatewayClient)
      .send(new DeleteIntegrationResponseCommand({ ...methodBefore(before), statusCode }));
  },
};

const gatewayResponse = put(
  async (given, place) => {
    const [restApiId, responseType] = [given.text("rest_api_id"), given.text("response_type")];
    await place.client(APIGatewayClient).send(
      new PutGatewayResponseCommand({
        restApiId,
        responseType: responseType as "DEFAULT_4XX",
        statusCode: given.textIf("status_code"),
        responseParameters: given.mapIf("response_parameters"),
        responseTemplates: given.mapIf("response_templates"),
      }),
    );
    return { id: `aggr-${restApiId}-${responseType}` };
  },
  {
    replacedBy: ["rest_api_id", "response_type"],
    async remove(place, before) {
      const restApiId = textOf(before, "rest_api_id");
      const responseType = textOf(before, "response_type") as "DEFAULT_4XX";
      await place.client(APIGatewayClient).send(new DeleteGatewayResponseCommand({ restApiId, responseType }));
    },
  },
);

const model: ResourceType = {
  async create(given, place) {
    const { id } = await place.client(APIGatewayClient).send(
      new CreateModelCommand({
        restApiId: given.text("rest_api_id"),
        name: given.text("name"),
        description: given.textIf("description"),
        contentType: given.text("content_type"),
        schema: given.textIf("schema"),
      }),
    );
    return { id: present(id, "id") };
  },
  async remove(place, before) {
    const [restApiId, modelName] = [textOf(before, "rest_api_id"), textOf(before, "name")];
    await place.client(APIGatewayClient).send(new DeleteModelCommand({ restApiId, modelName }));
  },
};

const requestValidator: ResourceType = {
  async create(given, place) {
    const { id } = await place.client(APIGatewayClient).send(
      new CreateRequestValidatorCommand({
        restApiId: given.text("rest_api_id"),
        name: given.text("name"),
        validateRequestBody: given.flagIf("validate_request_body"),
        validateRequestParameters: given.flagIf("validate_request_parameters"),
      }),
    );
    return { id: present(id, "id") };
  },
  async remove(place, before) {
    const [restApiId, requestValidatorId] = [textOf(before, "rest_api_id"), textOf(before, "id")];
    await place.client(APIGatewayClient).send(new DeleteRequestValidatorCommand({ restApiId, requestValidatorId }));
  },
};

/** Deployments are kept: stages may still be on one. They go with their API. */
const deployment: ResourceType = {
  ignored: { triggers: "says that the API is another; a change of it makes another deployment" },
  async create(given, place) {
    const { id } = await place
      .client(APIGatewayClient)
      .send(
        new CreateDeploymentCommand({ restApiId: given.text("rest_api_id"), description: given.textIf("description") }),
      );
    return { id: present(id, "id") };
  },
};

export const types: ResourceTypes = {
  aws_api_gateway_account: account,
  aws_api_gateway_deployment: deployment,
  aws_api_gateway_gateway_response: gatewayResponse,
  aws_api_gateway_integration: integration,
  aws_api_gateway_integration_response: integrationResponse,
  aws_api_gateway_method: method,
  aws_api_gateway_method_response: methodResponse,
  aws_api_gateway_model: model,
  aws_api_gateway_request_validator: requestValidator,
  aws_api_gateway_resource: resource,
  aws_api_gateway_rest_api: restApi,
};
