import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { findings, isOn, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { apiOf, methodsOf } from "./api-gateway-parts";
import { referrersOf } from "./relations";

const api = { aws_api_gateway_rest_api: { Api: { name: "orders" } } };
const apiId = "${aws_api_gateway_rest_api.Api.id}";
const stage = (attributes: Record<string, unknown> = {}) => ({
  aws_api_gateway_stage: { Live: { rest_api_id: apiId, deployment_id: "d1", stage_name: "live", ...attributes } },
});
const settings = (values: Record<string, unknown>, methodPath = "*/*") => ({
  aws_api_gateway_method_settings: {
    All: {
      rest_api_id: apiId,
      stage_name: "${aws_api_gateway_stage.Live.stage_name}",
      method_path: methodPath,
      settings: values,
    },
  },
});
/** Settings for all methods of a stage, which a stage of another name may not have. */
function settingsFor(graph: Graph, node: GraphNode): { node: GraphNode; values: Record<string, unknown> }[] {
  const restApi = apiOf(graph, node);
  if (restApi === undefined) return [];
  const name = knownValue(graph, node, node.attributes.stage_name);
  return referrersOf(graph, restApi, "aws_api_gateway_method_settings", "rest_api_id")
    .filter((each) => {
      const own = knownValue(graph, each, each.attributes.stage_name);
      return (
        graph.resolve(each.attributes.stage_name, each.stack) === node ||
        own === name ||
        own === unknown ||
        name === unknown
      );
    })
    .filter((each) => [unknown, "*/*"].includes(knownValue(graph, each, each.attributes.method_path) as string))
    .map((each) => ({ node: each, values: blocksOf(each.attributes, "settings")[0] ?? {} }));
}

/** What all settings of a stage's methods must have; nothing is said of a stage whose API is elsewhere. */
function judgeSettings(problems: (graph: Graph, node: GraphNode, values: Record<string, unknown>) => string[]) {
  return judgeResources("aws_api_gateway_stage", (node, graph) => {
    if (apiOf(graph, node) === undefined) return [];
    const found = settingsFor(graph, node).map((each) => problems(graph, each.node, each.values));
    return found.some((each) => each.length === 0) ? [] : (found[0] ?? problems(graph, node, {}));
  });
}

/** Stages of API Gateway: what is recorded of their requests, and how many they let through. */
export const apiGatewayStageRules: readonly Rule[] = [
  {
    id: "api-gateway-access-log",
    title: "Stages log each request",
    severity: "medium",
    why: "Nobody can tell who called what, when it matters: after an abuse, or when a client says that requests were lost.",
    fix: "Set access_log_settings of the stage: destination_arn of a log group, and a format with request id, caller and status.",
    references: ["CKV_AWS_76", "CKV_AWS_95", "FSBP APIGateway.9"],
    examples: {
      failing: { resource: { ...api, ...stage() } },
      passing: {
        resource: {
          ...api,
          aws_cloudwatch_log_group: { Access: { name: "orders-access" } },
          ...stage({
            access_log_settings: {
              destination_arn: "${aws_cloudwatch_log_group.Access.arn}",
              format: '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","status":"$context.status"}',
            },
          }),
        },
      },
    },
    judge: judgeResources(["aws_api_gateway_stage", "aws_apigatewayv2_stage"], ({ attributes }) => {
      const [log] = blocksOf(attributes, "access_log_settings");
      if (log === undefined || !isSet(log.destination_arn))
        return ["must have access_log_settings with a destination_arn"];
      return /\$context\.(requestId|extendedRequestId)\b/.test(String(log.format ?? ""))
        ? []
        : ["must have the request's id, $context.requestId, in the format of its access log"];
    }),
  },
  {
    id: "api-gateway-execution-log",
    title: "REST stages log what goes wrong in API Gateway",
    severity: "low",
    why: "Requests that API Gateway itself refuses or fails leave no trace in the function's logs.",
    fix: 'Set logging_level of aws_api_gateway_method_settings for "*/*" to ERROR or INFO.',
    references: ["FSBP APIGateway.1", "CKV2_AWS_4"],
    examples: {
      failing: { resource: { ...api, ...stage(), ...settings({ logging_level: "OFF" }) } },
      passing: { resource: { ...api, ...stage(), ...settings({ logging_level: "ERROR" }) } },
    },
    judge: judgeSettings((graph, node, { logging_level }) =>
      [unknown, "ERROR", "INFO"].includes(knownValue(graph, node, logging_level) as string)
        ? []
        : [`must have logging_level ERROR or INFO for "*/*" (it has ${logging_level ?? "none"})`],
    ),
  },
  {
    id: "api-gateway-data-trace",
    title: "REST stages don't log whole requests and answers",
    severity: "high",
    why: "Bodies and headers, keys and personal data among them, are in the logs for everyone who may read those.",
    fix: "Set data_trace_enabled of aws_api_gateway_method_settings to false, or leave it out.",
    references: ["CKV_AWS_276"],
    examples: {
      failing: { resource: { ...api, ...stage(), ...settings({ data_trace_enabled: true }) } },
      passing: { resource: { ...api, ...stage(), ...settings({ data_trace_enabled: false }) } },
    },
    judge: judgeResources("aws_api_gateway_method_settings", (node, graph) =>
      blocksOf(node.attributes, "settings").some(
        ({ data_trace_enabled }) => String(knownValue(graph, node, data_trace_enabled)) === "true",
      )
        ? ["must not have data_trace_enabled"]
        : [],
    ),
  },
  {
    id: "api-gateway-tracing",
    title: "REST stages trace requests",
    severity: "low",
    why: "A trace begins in the function: the time that API Gateway and its authorizers take can't be told from the client's network.",
    fix: "Set xray_tracing_enabled of the stage to true.",
    references: ["FSBP APIGateway.3", "CKV_AWS_73"],
    examples: {
      failing: { resource: { ...api, ...stage() } },
      passing: { resource: { ...api, ...stage({ xray_tracing_enabled: true }) } },
    },
    judge: judgeResources("aws_api_gateway_stage", (node, graph) =>
      isOn(graph, node, node.attributes.xray_tracing_enabled) ? [] : ["must have xray_tracing_enabled"],
    ),
  },
  {
    id: "api-gateway-throttling",
    title: "Stages limit requests per second",
    severity: "medium",
    why: "One caller uses up what the whole account may get in the region, and runs up the bill of everything behind the API.",
    fix: 'Set throttling_rate_limit and throttling_burst_limit, for "*/*" of a REST API and in default_route_settings of an HTTP API.',
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"],
    examples: {
      failing: { resource: { ...api, ...stage(), ...settings({ metrics_enabled: true }) } },
      passing: {
        resource: { ...api, ...stage(), ...settings({ throttling_rate_limit: 100, throttling_burst_limit: 200 }) },
      },
    },
    judge: (graph, options) => [
      ...judgeSettings(limitProblems)(graph, options),
      ...judgeResources("aws_apigatewayv2_stage", (node) =>
        limitProblems(graph, node, blocksOf(node.attributes, "default_route_settings")[0] ?? {}),
      )(graph, options),
    ],
  },
  {
    id: "api-gateway-cache-encryption",
    title: "Caches of REST stages are encrypted",
    severity: "medium",
    why: "Answers to one caller lie in the cache in plain text.",
    fix: "Set cache_data_encrypted of aws_api_gateway_method_settings to true where caching is on.",
    references: ["FSBP APIGateway.5", "CKV_AWS_308"],
    examples: {
      failing: {
        resource: { ...api, ...stage({ cache_cluster_enabled: true }), ...settings({ caching_enabled: true }) },
      },
      passing: {
        resource: {
          ...api,
          ...stage({ cache_cluster_enabled: true }),
          ...settings({ caching_enabled: true, cache_data_encrypted: true }),
        },
      },
    },
    judge: judgeResources("aws_api_gateway_method_settings", (node, graph) =>
      blocksOf(node.attributes, "settings").some(
        ({ caching_enabled, cache_data_encrypted }) =>
          String(knownValue(graph, node, caching_enabled)) === "true" && !isOn(graph, node, cache_data_encrypted),
      )
        ? ["must have cache_data_encrypted where caching_enabled is set"]
        : [],
    ),
  },
  {
    id: "api-gateway-log-role",
    title: "API Gateway may write the logs that stages ask for",
    severity: "high",
    why: "Applying the stage fails, or nothing is logged: the role is set once for an account and region, apart from any API.",
    fix: "Set cloudwatch_role_arn of one aws_api_gateway_account in the stage's account and region.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"],
    examples: {
      failing: {
        stacks: {
          account: {
            provider: { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] },
            resource: {
              aws_api_gateway_account: { Account: { cloudwatch_role_arn: "arn:aws:iam::111111111111:role/logs" } },
            },
          },
          api: {
            provider: { aws: [{ region: "us-west-2", allowed_account_ids: ["111111111111"] }] },
            resource: { ...api, ...stage(), ...settings({ logging_level: "ERROR" }) },
          },
        },
      },
      passing: {
        stacks: {
          account: {
            provider: { aws: [{ region: "us-west-2", allowed_account_ids: ["111111111111"] }] },
            resource: {
              aws_api_gateway_account: { Account: { cloudwatch_role_arn: "arn:aws:iam::111111111111:role/logs" } },
            },
          },
          api: {
            provider: { aws: [{ region: "us-west-2", allowed_account_ids: ["111111111111"] }] },
            resource: { ...api, ...stage(), ...settings({ logging_level: "ERROR" }) },
          },
        },
      },
    },
    judge: (graph) => {
      const accounts = graph.ofType("aws_api_gateway_account");
      const without = accounts.filter(({ attributes }) => !isSet(attributes.cloudwatch_role_arn));
      const places = new Set(accounts.map(({ accountId, region }) => `${accountId} ${region}`));
      // Where no stack sets the role, something else does: it is the account's, not the API's.
      const inGraph = (node: GraphNode) => places.size > 0 && node.accountId !== undefined && node.region !== undefined;
      return [
        ...without.flatMap((node) =>
          findings(node, ["must have a cloudwatch_role_arn: without one, no API in the region logs"]),
        ),
        ...graph
          .ofType("aws_api_gateway_stage")
          .filter((node) => inGraph(node) && !places.has(`${node.accountId} ${node.region}`))
          .filter((node) =>
            settingsFor(graph, node).some(({ values }) => /^(ERROR|INFO)$/.test(String(values.logging_level))),
          )
          .flatMap((node) =>
            findings(node, [
              `logs, but there is no aws_api_gateway_account with a role in ${node.region} of account ${node.accountId}`,
            ]),
          ),
      ];
    },
  },
  {
    id: "api-gateway-web-acl",
    title: "Stages that anybody may call are behind a web ACL",
    severity: "medium",
    why: "Where a request needs neither key nor authorization, nothing stops floods and known attacks before they reach the code.",
    fix: "Add an aws_wafv2_web_acl_association with the stage's ARN.",
    references: ["FSBP APIGateway.4", "CKV2_AWS_29"],
    examples: {
      failing: { resource: { ...api, ...stage(), ...method("NONE") } },
      passing: {
        resource: {
          ...api,
          ...stage(),
          ...method("NONE"),
          aws_wafv2_web_acl: { Acl: { name: "orders", scope: "REGIONAL" } },
          aws_wafv2_web_acl_association: {
            Acl: { resource_arn: "${aws_api_gateway_stage.Live.arn}", web_acl_arn: "${aws_wafv2_web_acl.Acl.arn}" },
          },
        },
      },
    },
    judge: judgeResources("aws_api_gateway_stage", (node, graph) => {
      const restApi = apiOf(graph, node);
      if (restApi === undefined || isSet(node.attributes.web_acl_arn)) return [];
      if (referrersOf(graph, node, "aws_wafv2_web_acl_association", "resource_arn").length > 0) return [];
      const open = methodsOf(graph, restApi).filter((each) => each.isOpen && each.reachesBackend);
      return open.length === 0
        ? []
        : [
            `must be associated with a web ACL: ${open.map(({ route }) => route ?? "a method").join(", ")} is for anybody`,
          ];
    }),
  },
  {
    id: "api-gateway-stage-deployed",
    title: "Stages serve a deployment of their own API",
    severity: "high",
    why: "The stage serves another API, or nothing.",
    fix: "Set deployment_id of the stage to an aws_api_gateway_deployment with the same rest_api_id.",
    references: [],
    examples: {
      failing: {
        resource: {
          aws_api_gateway_rest_api: { Api: { name: "orders" }, Other: { name: "bills" } },
          ...stage({ deployment_id: "${aws_api_gateway_deployment.D.id}" }),
          aws_api_gateway_deployment: { D: { rest_api_id: "${aws_api_gateway_rest_api.Other.id}" } },
        },
      },
      passing: {
        resource: {
          ...api,
          ...stage({ deployment_id: "${aws_api_gateway_deployment.D.id}" }),
          aws_api_gateway_deployment: { D: { rest_api_id: apiId } },
        },
      },
    },
    judge: judgeResources("aws_api_gateway_stage", (node, graph) => {
      const deployment = graph.resolve(node.attributes.deployment_id, node.stack);
      if (deployment?.type !== "aws_api_gateway_deployment") return [];
      const [own, other] = [apiOf(graph, node), apiOf(graph, deployment)];
      return own === undefined || other === undefined || own === other
        ? []
        : [`must have a deployment of ${own.address} (it has one of ${other.address})`];
    }),
  },
];

function method(authorization: string) {
  return {
    aws_api_gateway_resource: {
      Orders: {
        rest_api_id: apiId,
        parent_id: "${aws_api_gateway_rest_api.Api.root_resource_id}",
        path_part: "orders",
      },
    },
    aws_api_gateway_method: {
      Get: {
        rest_api_id: apiId,
        resource_id: "${aws_api_gateway_resource.Orders.id}",
        http_method: "GET",
        authorization,
      },
    },
    aws_api_gateway_integration: {
      Get: {
        rest_api_id: apiId,
        resource_id: "${aws_api_gateway_resource.Orders.id}",
        http_method: "${aws_api_gateway_method.Get.http_method}",
        type: "AWS_PROXY",
      },
    },
  };
}

function limitProblems(graph: Graph, node: GraphNode, values: Record<string, unknown>): string[] {
  return ["throttling_rate_limit", "throttling_burst_limit"].flatMap((name) => {
    const limit = knownValue(graph, node, values[name]);
    // API Gateway takes -1 for no limit, and 0 lets nobody in.
    return limit === unknown || Number(limit) > 0 ? [] : [`must have a ${name} (it has ${limit ?? "none"})`];
  });
}
