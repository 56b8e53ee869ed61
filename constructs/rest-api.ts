import { ApiGatewayAuthorizer } from "@cdktf/provider-aws/lib/api-gateway-authorizer";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import { Construct } from "constructs";
import type { ApiDefinition } from "../routes/route";
import type { CustomerKey } from "./customer-key";
import type { LogGroup } from "./log-group";
import type { NodeFunction } from "./node-function";
import { apiAlarms } from "./rest-api/alarms";
import { checkClients, checkDefinition, checkOrigins } from "./rest-api/checks";
import { deploy } from "./rest-api/deployment";
import { GatewayResponses } from "./rest-api/gateway-responses";
import { ApiModels } from "./rest-api/models";
import { ApiPaths, idOf } from "./rest-api/paths";
import { Preflight } from "./rest-api/preflight";
import { ApiRoute } from "./rest-api/route";
import { ApiStage } from "./rest-api/stage";
import type { Throttling } from "./rest-api/throttling";
import { ApiUsagePlan, type KeysElsewhere, type UsagePlanSettings } from "./rest-api/usage-plan";
import { RequestValidators } from "./rest-api/validators";
import { TapStack } from "./tap-stack";
import { WebAcl, type WebAclSettings } from "./web-acl";

export interface RestApiProps {
  /** The table of its routes. */
  readonly definition: ApiDefinition;
  /** The functions that answer, by the name that the routes call them by; all that the routes name, and no other. */
  readonly functions: Readonly<Record<string, NodeFunction>>;
  /** Encrypts its logs. */
  readonly key: CustomerKey;
  /** Its part of the name pattern. @default none: the one API of its component */
  readonly resource?: string;
  /** Origins whose pages may call it from a browser, `https://app.example.com`; none: none may. Errors of the gateway itself can be read there only where it is one. */
  readonly allowedOrigins: readonly string[];
  /** Limits of the stage, for all callers together. */
  readonly throttling: Throttling;
  /** Limits of each API key. */
  readonly usagePlan: UsagePlanSettings;
  /** Who has an API key: lower-case words joined by hyphens, one key each; at least one where a route asks for a key. */
  readonly clients: readonly string[];
  /** Keys of all clients in another region, whose values the keys here take, so that a client comes to either with one. @default none: the gateway makes a value for each key */
  readonly sameKeysAs?: KeysElsewhere;
  /** ARNs of Cognito user pools whose users call it: routes with a key then ask for their token as well (FIL-07). @default none */
  readonly userPoolArns?: readonly string[];
  /** What its web ACL lets in and writes down. @default as WebAcl has it */
  readonly webAcl?: WebAclSettings;
  /** Days that access and execution logs are kept, and the web ACL's. @default logs.retentionDays of the environment */
  readonly logRetentionDays?: number;
  /** Share of requests refused for a fault of the caller's that raises an alarm, percent: 1 to 100. @default 25 */
  readonly clientErrorRatePercent?: number;
  /** Milliseconds within which 99 of 100 requests must be answered, or an alarm fires: 1 to 29,000 (the integration's timeout). @default 10000 */
  readonly latencyMilliseconds?: number;
}

/**
 * A regional REST API from a table of routes: a method per route before the alias `live` of its function, requests
 * checked against the table, preflights for exact origins, errors as problem details, a stage `live` with its limits,
 * logs, traces and alarms, behind a web ACL, and API keys under a usage plan.
 *
 * @example
 * const api = new RestApi(this, "Api", {
 *   definition: jobs,
 *   functions: { submit, follow },
 *   key,
 *   allowedOrigins: ["https://app.example.com"],
 *   throttling: { rateLimit: 100, burstLimit: 200 },
 *   usagePlan: { rateLimit: 100, burstLimit: 200, quotaLimit: 10_000, quotaPeriod: "DAY" },
 *   clients: ["default"],
 * });
 */
export class RestApi extends Construct {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  /** `arn:aws:execute-api:{region}:{account}:{id}`: what `execute-api:Invoke` and functions' permissions name. */
  readonly executionArn: string;
  /** Of the stage itself: what names it comes after it. */
  readonly stageName: string;
  readonly stageArn: string;
  /** `https://{id}.execute-api.{region}.amazonaws.com/live`; paths of the table come behind it. */
  readonly invokeUrl: string;
  /** Ids of the API keys, by client; their values are read by who may, in API Gateway. */
  readonly keyIds: Readonly<Record<string, string>>;
  readonly usagePlanId: string;
  readonly accessLogGroup: LogGroup;
  readonly executionLogGroup: LogGroup;
  readonly webAcl: WebAcl;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    const { definition, functions, key, allowedOrigins, logRetentionDays } = props;
    checkDefinition(definition, Object.keys(functions));
    checkOrigins(allowedOrigins);
    checkClients(definition, props.clients);
    const named = props.resource === undefined ? {} : { resource: props.resource };
    const kept = logRetentionDays === undefined ? {} : { logRetentionDays };
    this.name = TapStack.of(this).nameOf("restApi", props.resource);

    const api = this.createApi(definition.description);
    const restApiId = api.id;
    const authorizer = this.createAuthorizer(restApiId, props);
    const models = new ApiModels(this, "Models", { restApiId, definition });
    const validators = new RequestValidators(this, "Validators", { restApiId });
    const paths = new ApiPaths(this, "Paths", { restApiId, rootResourceId: api.rootResourceId, definition });
    for (const route of definition.routes)
      new ApiRoute(this, idOf(route.method, route.path), {
        restApiId,
        executionArn: api.executionArn,
        resourceId: paths.resourceIdOf(route.path),
        route,
        lambda: functions[route.function] as NodeFunction,
        models,
        validators,
        ...authorizer,
      });
    for (const [path, routes] of paths.routesByPath)
      new Preflight(this, idOf("OPTIONS", path), {
        restApiId,
        resourceId: paths.resourceIdOf(path),
        routes,
        allowedOrigins,
        validators,
        withToken: "authorizerId" in authorizer,
      });
    new GatewayResponses(this, "GatewayResponses", { restApiId, allowedOrigins });
    const deployment = deploy(this, restApiId);
    const stage = new ApiStage(this, "Stage", {
      ...named,
      restApiId,
      deploymentId: deployment.id,
      key,
      throttling: props.throttling,
      ...kept,
    });
    this.webAcl = new WebAcl(this, "WebAcl", { ...named, ...kept, ...props.webAcl, resourceArn: stage.arn, key });
    const plan = new ApiUsagePlan(this, "UsagePlan", {
      ...named,
      restApiId,
      stageName: stage.name,
      settings: props.usagePlan,
      clients: props.clients,
      ...(props.sameKeysAs && { sameKeysAs: props.sameKeysAs }),
    });
    apiAlarms(this, {
      ...named,
      apiName: this.name,
      clientErrorRatePercent: props.clientErrorRatePercent ?? 25,
      latencyMilliseconds: props.latencyMilliseconds ?? 10_000,
    });

    this.id = restApiId;
    this.arn = api.arn;
    this.executionArn = api.executionArn;
    this.stageName = stage.name;
    this.stageArn = stage.arn;
    this.invokeUrl = stage.invokeUrl;
    this.keyIds = plan.keyIds;
    this.usagePlanId = plan.id;
    this.accessLogGroup = stage.accessLogGroup;
    this.executionLogGroup = stage.executionLogGroup;
  }

  private createApi(description: string): ApiGatewayRestApi {
    return new ApiGatewayRestApi(this, "RestApi", {
      name: this.name,
      description,
      endpointConfiguration: { types: ["REGIONAL"] },
      // Without a domain, this endpoint is the only way in; with one, Route 53 asks here whether the region works.
      disableExecuteApiEndpoint: false,
      apiKeySource: "HEADER",
      // No minimumCompressionSize: answers are small, and with it the gateway unpacks requests too, bombs among them.
      // As Terraform has it anyway, for the deployment's sake; names of APIs needn't be unique (docs/decisions/0008).
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createAuthorizer(
    restApiId: string,
    { resource, userPoolArns = [] }: RestApiProps,
  ): { authorizerId?: string } {
    if (userPoolArns.length === 0) return {};
    const authorizer = new ApiGatewayAuthorizer(this, "Authorizer", {
      restApiId,
      name: TapStack.of(this).nameOf("userPoolAuthorizer", resource),
      type: "COGNITO_USER_POOLS",
      providerArns: [...userPoolArns],
    });
    return { authorizerId: authorizer.id };
  }
}
