import { blocksOf } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { reachedFrom } from "./relations";

const http = (route: Record<string, unknown>, integration: Record<string, unknown> = {}) => ({
  aws_apigatewayv2_api: { Http: { name: "orders", protocol_type: "HTTP" } },
  aws_apigatewayv2_route: {
    Get: {
      api_id: "${aws_apigatewayv2_api.Http.id}",
      route_key: "GET /orders",
      target: "integrations/${aws_apigatewayv2_integration.Get.id}",
      ...route,
    },
  },
  aws_apigatewayv2_integration: {
    Get: { api_id: "${aws_apigatewayv2_api.Http.id}", integration_type: "AWS_PROXY", ...integration },
  },
});

/** Milliseconds that integrations of HTTP and WebSocket APIs may take. */
const longestWait = { HTTP: 30_000, WEBSOCKET: 29_000 };

/** HTTP and WebSocket APIs, and domains of all kinds. */
export const apiGatewayHttpRules: readonly Rule[] = [
  {
    id: "api-gateway-route-authorization",
    title: "Routes of HTTP and WebSocket APIs ask for authorization, or are on the list of public routes",
    severity: "critical",
    why: "Anybody on the internet calls what is behind the route.",
    fix: "Set authorization_type to JWT, AWS_IAM or CUSTOM; a route that is meant for anybody belongs into publicRoutes.",
    references: ["FSBP APIGateway.8", "CKV_AWS_309"],
    examples: {
      failing: { resource: http({}) },
      passing: { resource: http({ authorization_type: "AWS_IAM" }) },
    },
    judge: (graph, { publicRoutes }) =>
      graph.ofType("aws_apigatewayv2_route").flatMap((node) => {
        const { authorization_type = "NONE", api_key_required, route_key } = node.attributes;
        const [api] = reachedFrom(graph, node, "api_id", "aws_apigatewayv2_api");
        const route = knownValue(graph, node, route_key);
        const isOpen =
          knownValue(graph, node, authorization_type) === "NONE" &&
          String(knownValue(graph, node, api_key_required)) !== "true";
        // A connection is authorized when it is opened, all that it says later by that.
        const isLater = String(api?.attributes.protocol_type) === "WEBSOCKET" && route !== "$connect";
        return isOpen && !isLater && route !== unknown && !publicRoutes.includes(String(route))
          ? findings(node, [
              `must have an authorization_type (${String(route)} is for anybody, and is no public route)`,
            ])
          : [];
      }),
  },
  {
    id: "api-gateway-http-integration-timeout",
    title: "Integrations of HTTP APIs wait long enough, and no function works far beyond it",
    severity: "medium",
    why: "The client gets 503 while the work goes on: it tries again, and the work is done twice.",
    fix: "Set timeout_milliseconds to between 1000 and 30000, and the function's timeout to at most five seconds more.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"],
    examples: {
      failing: {
        resource: {
          ...http({ authorization_type: "AWS_IAM" }, { integration_uri: "${aws_lambda_function.Work.invoke_arn}" }),
          aws_lambda_function: { Work: { function_name: "work", timeout: 300 } },
        },
      },
      passing: {
        resource: {
          ...http({ authorization_type: "AWS_IAM" }, { integration_uri: "${aws_lambda_function.Work.invoke_arn}" }),
          aws_lambda_function: { Work: { function_name: "work", timeout: 30 } },
        },
      },
    },
    judge: judgeResources("aws_apigatewayv2_integration", (node, graph) => {
      const [api] = reachedFrom(graph, node, "api_id", "aws_apigatewayv2_api");
      const longest = api?.attributes.protocol_type === "WEBSOCKET" ? longestWait.WEBSOCKET : longestWait.HTTP;
      const given = knownValue(graph, node, node.attributes.timeout_milliseconds);
      if (given === unknown) return [];
      const milliseconds = Number(given ?? longest);
      if (!(milliseconds >= 1_000 && milliseconds <= longest))
        return [`must have a timeout_milliseconds of 1000 to ${longest} (it has ${JSON.stringify(given)})`];
      return reachedFrom(graph, node, "integration_uri", "aws_lambda_function").flatMap((lambda) => {
        const seconds = knownValue(graph, lambda, lambda.attributes.timeout ?? 3);
        return seconds === unknown || Number(seconds) * 1_000 <= milliseconds + 5_000
          ? []
          : [`must not give up after ${milliseconds} ms on ${lambda.address}, which works up to ${Number(seconds)} s`];
      });
    }),
  },
  {
    id: "api-gateway-domain-tls",
    title: "Domains of APIs take TLS 1.2 or newer alone",
    severity: "high",
    why: "Old versions of TLS can be broken into, and clients fall back to them when somebody in between says so.",
    fix: "Set security_policy to TLS_1_2 or to one of the SecurityPolicy_TLS12/TLS13 policies.",
    references: ["CKV_AWS_206"],
    examples: {
      failing: {
        resource: {
          aws_api_gateway_domain_name: { D: { domain_name: "api.example.com", security_policy: "TLS_1_0" } },
        },
      },
      passing: {
        resource: {
          aws_api_gateway_domain_name: { D: { domain_name: "api.example.com", security_policy: "TLS_1_2" } },
        },
      },
    },
    judge: judgeResources(["aws_api_gateway_domain_name", "aws_apigatewayv2_domain_name"], (node, graph) => {
      const blocks =
        node.type === "aws_api_gateway_domain_name"
          ? [node.attributes]
          : blocksOf(node.attributes, "domain_name_configuration");
      return blocks.flatMap(({ security_policy }) => {
        const policy = knownValue(graph, node, security_policy);
        return policy === unknown || /^(TLS_1_2|SecurityPolicy_TLS1[23]_.*)$/.test(String(policy))
          ? []
          : [`must have the security_policy TLS_1_2 (it has ${isSet(policy) ? String(policy) : "none"})`];
      });
    }),
  },
  {
    id: "api-gateway-mutual-tls",
    title: "APIs behind mutual TLS can't be called past it",
    severity: "high",
    why: "The API's default address asks for no certificate of the client's.",
    fix: "Set disable_execute_api_endpoint of the API to true.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html"],
    examples: {
      failing: { resource: mutual({}) },
      passing: { resource: mutual({ disable_execute_api_endpoint: true }) },
    },
    judge: judgeResources(["aws_api_gateway_base_path_mapping", "aws_apigatewayv2_api_mapping"], (node, graph) => {
      const isRest = node.type === "aws_api_gateway_base_path_mapping";
      const [domain] = reachedFrom(
        graph,
        node,
        "domain_name",
        isRest ? "aws_api_gateway_domain_name" : "aws_apigatewayv2_domain_name",
      );
      const [api] = reachedFrom(graph, node, "api_id", isRest ? "aws_api_gateway_rest_api" : "aws_apigatewayv2_api");
      if (domain === undefined || api === undefined) return [];
      const isMutual = blocksOf(domain.attributes, "mutual_tls_authentication").length > 0;
      return isMutual && String(knownValue(graph, api, api.attributes.disable_execute_api_endpoint)) !== "true"
        ? [`must not map a domain of mutual TLS to ${api.address}, which has its default address on`]
        : [];
    }),
  },
];

function mutual(attributes: Record<string, unknown>) {
  return {
    aws_api_gateway_rest_api: { Api: { name: "orders", ...attributes } },
    aws_api_gateway_domain_name: {
      D: {
        domain_name: "api.example.com",
        security_policy: "TLS_1_2",
        mutual_tls_authentication: { truststore_uri: "s3://trust/store.pem" },
      },
    },
    aws_api_gateway_base_path_mapping: {
      M: {
        api_id: "${aws_api_gateway_rest_api.Api.id}",
        stage_name: "live",
        domain_name: "${aws_api_gateway_domain_name.D.domain_name}",
      },
    },
  };
}
