import type { Graph, GraphNode } from "../../graph/model";
import { isForEveryone } from "../../graph/statement";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { findings, isOn, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { type Method, methodsOf } from "./api-gateway-parts";
import { reachedFrom, referrersOf } from "./relations";

const apiId = "${aws_api_gateway_rest_api.Api.id}";
const rootId = "${aws_api_gateway_rest_api.Api.root_resource_id}";
const ordersId = "${aws_api_gateway_resource.Orders.id}";

/** An API with the one method POST /orders. */
function orders(method: Record<string, unknown> = {}, integration: Record<string, unknown> = {}) {
  return {
    aws_api_gateway_rest_api: { Api: { name: "orders" } },
    aws_api_gateway_resource: { Orders: { rest_api_id: apiId, parent_id: rootId, path_part: "orders" } },
    aws_api_gateway_method: {
      Post: {
        rest_api_id: apiId,
        resource_id: ordersId,
        http_method: "POST",
        authorization: "AWS_IAM",
        ...method,
      },
    },
    aws_api_gateway_integration: {
      Post: {
        rest_api_id: apiId,
        resource_id: ordersId,
        http_method: "${aws_api_gateway_method.Post.http_method}",
        type: "AWS_PROXY",
        ...integration,
      },
    },
  };
}

const validator = (attributes: Record<string, unknown>) => ({
  aws_api_gateway_request_validator: { V: { rest_api_id: apiId, name: "v", ...attributes } },
});
const validated = { request_validator_id: "${aws_api_gateway_request_validator.V.id}" };

/** Every method of every REST API in the graph. */
function judgeMethods(problemsOf: (method: Method, graph: Graph) => readonly string[]): Rule["judge"] {
  return judgeEachApi((restApi, graph) =>
    methodsOf(graph, restApi).flatMap((method) => findings(method.node, problemsOf(method, graph))),
  );
}

function judgeEachApi(
  judge: (restApi: GraphNode, graph: Graph, publicRoutes: readonly string[]) => ReturnType<Rule["judge"]>,
): Rule["judge"] {
  return (graph, { publicRoutes }) =>
    graph.ofType("aws_api_gateway_rest_api").flatMap((restApi) => judge(restApi, graph, publicRoutes));
}

const lambdaUri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:orders/invocations";
const writing: readonly string[] = ["POST", "PUT", "PATCH"];

/** Methods of REST APIs: who may call them, and with what. */
export const apiGatewayMethodRules: readonly Rule[] = [
  {
    id: "api-gateway-method-authorization",
    title: "Methods ask for a key or authorization, or are on the list of public routes",
    severity: "critical",
    why: "Anybody on the internet calls what is behind the method.",
    fix: "Set authorization, or api_key_required to true; a route that is meant for anybody belongs into publicRoutes.",
    references: ["CKV_AWS_59", "FSBP APIGateway.8"],
    examples: {
      failing: { resource: orders({ authorization: "NONE" }) },
      passing: { resource: orders({ authorization: "NONE", api_key_required: true }) },
    },
    judge: judgeEachApi((restApi, graph, publicRoutes) =>
      isPrivate(graph, restApi)
        ? []
        : methodsOf(graph, restApi)
            // Browsers send their preflight requests without credentials; a mock answers them.
            .filter((each) => each.isOpen && !(each.httpMethod === "OPTIONS" && !each.reachesBackend))
            .filter(({ route }) => route === undefined || !publicRoutes.includes(route))
            .flatMap(({ node, route }) =>
              findings(node, [
                `must ask for a key or authorization (${route ?? "its route"} is for anybody, and is no public route)`,
              ]),
            ),
    ),
  },
  {
    id: "api-gateway-request-validation",
    title: "Requests are validated before they reach the backend",
    severity: "low",
    why: "Malformed requests cost invocations, and what the code forgets to check goes through.",
    fix: "Set request_validator_id to an aws_api_gateway_request_validator that validates parameters or the body.",
    references: ["CKV2_AWS_53"],
    examples: {
      failing: { resource: orders() },
      passing: { resource: { ...orders(validated), ...validator({ validate_request_parameters: true }) } },
    },
    judge: judgeMethods((method, graph) => {
      const { node, reachesBackend } = method;
      if (!reachesBackend || !takesAnything(method)) return [];
      if (!isSet(node.attributes.request_validator_id)) return ["must have a request_validator_id"];
      const own = graph.resolve(node.attributes.request_validator_id, node.stack);
      if (own?.type !== "aws_api_gateway_request_validator") return [];
      const { validate_request_body, validate_request_parameters } = own.attributes;
      return isOn(graph, own, validate_request_body) || isOn(graph, own, validate_request_parameters)
        ? []
        : [`must have a validator that validates something (${own.address} validates nothing)`];
    }),
  },
  {
    id: "api-gateway-request-model",
    title: "Bodies of requests have a model, and are validated by it",
    severity: "low",
    why: "Without a model every body is valid, and without validation the model says nothing.",
    fix: "Set request_models of methods that take a body, and a validator with validate_request_body.",
    references: [
      "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html",
    ],
    examples: {
      failing: { resource: { ...orders(validated), ...validator({ validate_request_body: true }) } },
      passing: {
        resource: {
          ...orders({ ...validated, request_models: { "application/json": "Order" } }),
          ...validator({ validate_request_body: true }),
        },
      },
    },
    judge: judgeMethods(({ node, httpMethod, reachesBackend }, graph) => {
      const { request_models, request_validator_id } = node.attributes;
      if (!reachesBackend || !writing.includes(httpMethod) || !isSet(request_validator_id)) return [];
      const own = graph.resolve(request_validator_id, node.stack);
      if (own?.type !== "aws_api_gateway_request_validator") return [];
      const models = isObject(request_models) ? Object.values(request_models) : [];
      return [
        ...(typeof request_models === "string" || models.some((name) => isSet(name) && name !== "Empty")
          ? []
          : ["must have request_models: its validator takes any body"]),
        ...(isOn(graph, own, own.attributes.validate_request_body)
          ? []
          : [`must have a validator with validate_request_body (${own.address} has none)`]),
      ];
    }),
  },
  {
    id: "api-gateway-integration-timeout",
    title: "Integrations wait as long as API Gateway can, and no function works far beyond it",
    severity: "medium",
    why: "The client gets 504 while the work goes on: it tries again, and the work is done twice. Under a second, a cold start is too slow.",
    fix: "Set timeout_milliseconds to between 1000 and 29000, and the function's timeout to at most five seconds more; longer work belongs behind a queue.",
    references: [
      "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
    ],
    examples: {
      failing: {
        resource: {
          ...orders({}, { timeout_milliseconds: 29000, uri: "${aws_lambda_function.Work.invoke_arn}" }),
          aws_lambda_function: { Work: { function_name: "work", timeout: 900 } },
        },
      },
      passing: {
        resource: {
          ...orders({}, { timeout_milliseconds: 29000, uri: "${aws_lambda_function.Work.invoke_arn}" }),
          aws_lambda_function: { Work: { function_name: "work", timeout: 30 } },
        },
      },
    },
    judge: judgeResources("aws_api_gateway_integration", (node, graph) => {
      const given = knownValue(graph, node, node.attributes.timeout_milliseconds);
      if (given === unknown) return [];
      const milliseconds = Number(given ?? longestWait);
      if (!(milliseconds >= shortestWait && milliseconds <= longestWait))
        return [
          `must have a timeout_milliseconds of ${shortestWait} to ${longestWait} (it has ${JSON.stringify(given)})`,
        ];
      if (/async|event/i.test(JSON.stringify(node.attributes.request_parameters ?? ""))) return [];
      return reachedFrom(graph, node, "uri", "aws_lambda_function").flatMap((lambda) => {
        const seconds = knownValue(graph, lambda, lambda.attributes.timeout ?? lambdaDefault);
        return seconds === unknown || Number(seconds) * 1_000 <= milliseconds + slack
          ? []
          : [`must not give up after ${milliseconds} ms on ${lambda.address}, which works up to ${Number(seconds)} s`];
      });
    }),
  },
  {
    id: "api-gateway-lambda-method",
    title: "Integrations call Lambda by POST",
    severity: "high",
    why: "Lambda's API takes no other method: every request is answered with 500, whatever the client's own method is.",
    fix: "Set integration_http_method to POST.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html"],
    examples: {
      failing: { resource: orders({}, { uri: lambdaUri, integration_http_method: "GET" }) },
      passing: { resource: orders({}, { uri: lambdaUri, integration_http_method: "POST" }) },
    },
    judge: judgeResources("aws_api_gateway_integration", (node, graph) => {
      const { type, uri, integration_http_method } = node.attributes;
      const isLambda = /:lambda:path\/|aws_lambda_(function|alias)\.[\w-]+\.invoke_arn/.test(String(uri));
      const method = knownValue(graph, node, integration_http_method);
      return /^AWS(_PROXY)?$/.test(String(type)) && isLambda && method !== unknown && method !== "POST"
        ? [`must have the integration_http_method POST (it has ${isSet(method) ? String(method) : "none"})`]
        : [];
    }),
  },
  {
    id: "api-gateway-cors",
    title: "Not every website may call an API in its visitors' names",
    severity: "high",
    why: "Any page that a signed-in user opens reads and changes that user's data.",
    fix: "Name the origins that may, or leave Access-Control-Allow-Credentials out.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html"],
    examples: {
      failing: {
        resource: {
          aws_apigatewayv2_api: {
            Http: {
              name: "orders",
              protocol_type: "HTTP",
              cors_configuration: { allow_origins: ["https://*"], allow_credentials: true },
            },
          },
        },
      },
      passing: {
        resource: {
          aws_apigatewayv2_api: {
            Http: {
              name: "orders",
              protocol_type: "HTTP",
              cors_configuration: { allow_origins: ["https://shop.example.com"], allow_credentials: true },
            },
          },
        },
      },
    },
    judge: judgeResources(
      ["aws_apigatewayv2_api", "aws_api_gateway_integration_response", "aws_api_gateway_gateway_response"],
      ({ attributes }) => {
        const [cors] = blocksOf(attributes, "cors_configuration");
        const origins = [cors?.allow_origins ?? []].flat().map(String);
        const isOpen =
          origins.some((origin) => /^(?:[a-z]+:\/\/)?\*$/.test(origin)) && String(cors?.allow_credentials) === "true";
        return isOpen || hasOpenHeaders(attributes.response_parameters)
          ? ["must not allow credentials to every origin"]
          : [];
      },
    ),
  },
  {
    id: "api-gateway-private-policy",
    title: "Private APIs say which VPC endpoints may call them",
    severity: "high",
    why: "Without a policy nobody can call a private API; with one for everyone, every VPC of every account can.",
    fix: "Set a policy that allows execute-api:Invoke with aws:SourceVpce or aws:SourceVpc, or denies all others.",
    references: [
      "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html",
    ],
    examples: {
      failing: {
        resource: {
          aws_api_gateway_rest_api: { Api: { name: "orders", endpoint_configuration: { types: ["PRIVATE"] } } },
        },
      },
      passing: {
        resource: {
          aws_api_gateway_rest_api: {
            Api: {
              name: "orders",
              endpoint_configuration: { types: ["PRIVATE"] },
              policy: JSON.stringify({
                Version: "2012-10-17",
                Statement: [
                  {
                    Effect: "Allow",
                    Principal: "*",
                    Action: "execute-api:Invoke",
                    Resource: "execute-api:/*",
                    Condition: { StringEquals: { "aws:SourceVpce": "vpce-0123456789abcdef0" } },
                  },
                ],
              }),
            },
          },
        },
      },
    },
    judge: judgeResources("aws_api_gateway_rest_api", (node, graph) => {
      if (!isPrivate(graph, node)) return [];
      const documents = graph.policiesOf(node);
      const isWritten =
        isSet(node.attributes.policy) ||
        referrersOf(graph, node, "aws_api_gateway_rest_api_policy", "rest_api_id").length > 0;
      if (documents.length === 0) return isWritten ? [] : ["must have a policy, as it is private"];
      const statements = documents.flatMap((each) => each.statements);
      const denies = statements.some(({ effect, conditions }) => effect === "Deny" && conditions.some(isOfVpc));
      const isOpen = statements.some(
        (each) => each.effect === "Allow" && isForEveryone(each) && !each.conditions.some(isOfVpc),
      );
      return isOpen && !denies ? ["must not have a policy that lets every VPC in"] : [];
    }),
  },
];

/** Whether a request has something to validate: a body, a parameter that is declared, or one in its path. */
function takesAnything({ node, httpMethod, route }: Method): boolean {
  const { request_parameters } = node.attributes;
  const declared = isObject(request_parameters)
    ? Object.keys(request_parameters).length > 0
    : isSet(request_parameters);
  return declared || route?.includes("{") === true || [...writing, "ANY"].includes(httpMethod);
}

/** Milliseconds for a cold start and an answer. */
const shortestWait = 1_000;
/** Milliseconds that a REST API's integrations may take, unless AWS raises the quota. */
const longestWait = 29_000;
/** Milliseconds: a function's own deadline lies before the integration's, so that its timeout is the last to come. */
const slack = 5_000;
/** Seconds that a function may take where nothing is said. */
const lambdaDefault = 3;

/** Whether an API is reached through VPC endpoints alone. */
function isPrivate(graph: Graph, restApi: GraphNode): boolean {
  const types = blocksOf(restApi.attributes, "endpoint_configuration").flatMap(({ types: given }) =>
    [given ?? []].flat(),
  );
  return types.some((type) => knownValue(graph, restApi, type) === "PRIVATE");
}

function isOfVpc({ key }: { readonly key: string }): boolean {
  return /^aws:(sourcevpce?|vpcsourceip|principalorgid|principalaccount)$/i.test(key);
}

/** Header values of API Gateway are in single quotes. */
function hasOpenHeaders(parameters: unknown): boolean {
  if (!isObject(parameters)) return false;
  const headers = Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const has = (end: string, text: string) => headers.some(([name, value]) => name.endsWith(end) && value === text);
  return (
    has("access-control-allow-credentials", "'true'") &&
    (has("access-control-allow-origin", "'*'") ||
      // Whatever the caller names is as good as everything.
      headers.some(([name, value]) => name.endsWith("access-control-allow-origin") && /header\.origin$/i.test(value)))
  );
}
