import { parseJsonText } from "../../graph/json-text";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import { isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { policyOf } from "./iam-statements";
import { referrersOf } from "./relations";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const api = {
  aws_api_gateway_rest_api: { Orders: { name: "orders", endpoint_configuration: { types: ["REGIONAL"] } } },
};
const mock = (statusCode: number) => ({
  resource: {
    ...api,
    aws_api_gateway_method: {
      Preflight: {
        rest_api_id: "${aws_api_gateway_rest_api.Orders.id}",
        resource_id: "r",
        http_method: "OPTIONS",
        authorization: "NONE",
      },
    },
    aws_api_gateway_integration: {
      Preflight: {
        rest_api_id: "${aws_api_gateway_rest_api.Orders.id}",
        resource_id: "r",
        http_method: "${aws_api_gateway_method.Preflight.http_method}",
        type: "MOCK",
        request_templates: { "application/json": JSON.stringify({ statusCode }) },
      },
    },
    aws_api_gateway_method_response: {
      Preflight: {
        rest_api_id: "${aws_api_gateway_rest_api.Orders.id}",
        resource_id: "r",
        http_method: "${aws_api_gateway_method.Preflight.http_method}",
        status_code: "204",
      },
    },
  },
});
const answered = (attributes: Attributes) => ({
  resource: {
    ...mock(204).resource,
    aws_api_gateway_integration_response: {
      Preflight: {
        rest_api_id: "${aws_api_gateway_rest_api.Orders.id}",
        resource_id: "r",
        http_method: "${aws_api_gateway_method.Preflight.http_method}",
        status_code: "204",
        ...attributes,
      },
    },
  },
});
const key = (attributes: Attributes) => ({
  resource: { aws_api_gateway_api_key: { Web: { name: "web", ...attributes } } },
});
const inPlan = {
  aws_api_gateway_usage_plan_key: {
    Web: { key_id: "${aws_api_gateway_api_key.Web.id}", key_type: "API_KEY", usage_plan_id: "p" },
  },
};
const managed = (more: Attributes) => ({
  provider,
  resource: {
    aws_iam_policy: {
      Reads: {
        name: "reads",
        policy: policyOf([{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*" }]),
      },
    },
    ...more,
  },
});
const accountRole = (service: string) => ({
  provider,
  resource: {
    aws_iam_role: {
      Logs: {
        name: "logs",
        assume_role_policy: policyOf([{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }]),
      },
    },
    aws_api_gateway_account: { Logs: { cloudwatch_role_arn: "${aws_iam_role.Logs.arn}" } },
  },
});
const table = (attributes: Attributes) => ({
  resource: {
    aws_dynamodb_table: { Orders: { name: "orders", hash_key: "id", billing_mode: "PROVISIONED", ...attributes } },
  },
});
const multiRegion = (multi_region: boolean) => ({ resource: { aws_kms_key: { Data: { multi_region } } } });
const keyFor = (Action: string) => ({
  resource: {
    aws_kms_key: {
      Data: {
        policy: policyOf([
          { Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" }, Action, Resource: "*" },
        ]),
      },
    },
  },
});
const mailTo = (endpoint: string) => ({
  resource: { aws_sns_topic_subscription: { Mail: { topic_arn: "t", protocol: "email", endpoint } } },
});
const dashboard = (widget: object) => ({
  resource: {
    aws_cloudwatch_dashboard: {
      Orders: { dashboard_name: "orders", dashboard_body: JSON.stringify({ widgets: [widget] }) },
    },
  },
});

/** What only works together with something else, and is there with it. */
export const fitsRules: readonly Rule[] = [
  {
    id: "api-gateway-mock-status",
    title: "What the gateway answers by itself is a response of the method",
    severity: "medium",
    why: "A status that the method doesn't have is a 500 for the caller: browsers take a preflight for refused.",
    fix: "Write the method response's status_code into the integration's request template.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html"],
    examples: { failing: mock(102), passing: mock(204) },
    judge: judgeResources("aws_api_gateway_integration", (node, graph) => {
      if (node.attributes.type !== "MOCK") return [];
      const place = placeOf(graph, node);
      const statuses = graph
        .ofType("aws_api_gateway_method_response")
        .filter((each) => each.stack === node.stack && placeOf(graph, each) === place)
        .map(({ attributes }) => String(attributes.status_code));
      const templates = isObject(node.attributes.request_templates)
        ? Object.values(node.attributes.request_templates)
        : [];
      return templates.flatMap((template) => {
        const status = (parseJsonText(String(template)) as Attributes | undefined)?.statusCode;
        return status === undefined || statuses.length === 0 || statuses.includes(String(status))
          ? []
          : [`must answer with a status of its method, ${statuses.join(" or ")} (it answers ${status})`];
      });
    }),
  },
  {
    id: "api-gateway-response-order",
    title: "What an integration answers waits for the integration",
    severity: "low",
    why: "API Gateway refuses an answer of an integration that isn't there yet: the first deployment of an environment stops halfway.",
    fix: "Add the aws_api_gateway_integration to depends_on, or take http_method of it.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegrationResponse.html"],
    examples: { failing: answered({}), passing: answered({ depends_on: ["aws_api_gateway_integration.Preflight"] }) },
    judge: judgeResources("aws_api_gateway_integration_response", (node, graph) => {
      const place = placeOf(graph, node);
      const own = graph
        .ofType("aws_api_gateway_integration")
        .find((each) => each.stack === node.stack && placeOf(graph, each) === place);
      if (own === undefined) return [];
      const waits = graph.referencesFrom(node).some((each) => "to" in each && each.to === own);
      const status = referredAt(graph, node, "status_code", "aws_api_gateway_method_response");
      return [
        ...(waits ? [] : [`must wait for ${own.address}`]),
        ...(status === undefined || placeOf(graph, status) === place ? [] : [`must not be of ${status.address}`]),
      ];
    }),
  },
  {
    id: "api-gateway-endpoint-type",
    title: "REST APIs say where they are reached",
    severity: "low",
    why: "Without a type it is EDGE: requests go through a distribution of AWS's in front of it, which has no settings of yours, and only certificates of us-east-1.",
    fix: 'Set endpoint_configuration.types to ["REGIONAL"] or ["PRIVATE"], or to ["EDGE"] where that is meant.',
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html"],
    examples: {
      failing: { resource: { aws_api_gateway_rest_api: { Orders: { name: "orders" } } } },
      passing: { resource: api },
    },
    judge: judgeResources("aws_api_gateway_rest_api", ({ attributes }) =>
      blocksOf(attributes, "endpoint_configuration").length > 0 ? [] : ["must have an endpoint_configuration"],
    ),
  },
  {
    id: "api-gateway-key-usable",
    title: "API keys are on, and in a usage plan",
    severity: "medium",
    why: "Its holder is refused, or it is a key that opens nothing and that nobody will miss.",
    fix: "Set enabled, and add an aws_api_gateway_usage_plan_key; remove a key that is for nobody.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-keys.html"],
    examples: {
      failing: key({ enabled: false }),
      passing: { resource: { ...key({}).resource, ...inPlan } },
    },
    judge: judgeResources("aws_api_gateway_api_key", (node, graph) => [
      ...(knownValue(graph, node, node.attributes.enabled ?? true) === false ? ["must be on"] : []),
      ...(referrersOf(graph, node, "aws_api_gateway_usage_plan_key", "key_id").length === 0
        ? ["must be in a usage plan"]
        : []),
    ]),
  },
  {
    id: "api-gateway-account-role",
    title: "The role for API Gateway's logs is API Gateway's",
    severity: "high",
    why: "API Gateway refuses a role that it may not become, and writes no logs; another one may do what no log needs.",
    fix: "Set cloudwatch_role_arn to a role that trusts apigateway.amazonaws.com.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"],
    examples: { failing: accountRole("lambda.amazonaws.com"), passing: accountRole("apigateway.amazonaws.com") },
    judge: judgeResources("aws_api_gateway_account", (node, graph) => {
      const role = graph.resolve(node.attributes.cloudwatch_role_arn, node.stack);
      if (role?.type !== "aws_iam_role") return [];
      const isTrusted = graph
        .policiesOf(role)
        .some(
          ({ kind, statements }) =>
            kind === "trust" &&
            statements.some(({ principals }) => principals.some(({ value }) => value === "apigateway.amazonaws.com")),
        );
      const rights = graph.referencesTo(role).filter(({ from }) => /^aws_iam_role_policy/.test(from.type));
      const waits = graph.referencesFrom(node, "depends_on").flatMap((each) => ("to" in each ? [each.to] : []));
      const early = rights.filter(({ from }) => from.stack === node.stack && !waits.includes(from));
      return [
        ...(isTrusted ? [] : [`must have a role that API Gateway may become (${role.address} doesn't trust it)`]),
        ...early.map(({ from }) => `must wait for ${from.address}: AWS refuses a role without rights`),
      ];
    }),
  },
  {
    id: "iam-policy-attached",
    title: "Managed policies are attached to something, or are a boundary",
    severity: "low",
    why: "What it allows, nobody may: a role has lost it, or it waits for whoever attaches it by mistake.",
    fix: "Attach the policy by aws_iam_role_policy_attachment, or remove it.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"],
    examples: {
      failing: managed({}),
      passing: managed({
        aws_iam_role_policy_attachment: { Reads: { role: "worker", policy_arn: "${aws_iam_policy.Reads.arn}" } },
      }),
    },
    judge: judgeResources("aws_iam_policy", (node, graph) => {
      const uses = graph
        .referencesTo(node)
        .filter(({ path }) => /^(policy_arn|permissions_boundary|managed_policy_arns)/.test(path));
      const twice = uses
        .map(({ from }) => from.attributes.role)
        .filter((role, index, all) => isSet(role) && all.indexOf(role) !== index);
      return [
        ...(uses.length > 0 ? [] : ["must be attached to something"]),
        ...twice.map((role) => `must not be attached to ${role} twice`),
      ];
    }),
  },
  {
    id: "dynamodb-provisioned-capacity",
    title: "Tables of provisioned capacity say how much",
    severity: "low",
    why: "DynamoDB refuses the table when it is applied.",
    fix: "Set read_capacity and write_capacity, or billing_mode PAY_PER_REQUEST.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"],
    examples: { failing: table({ read_capacity: 5 }), passing: table({ read_capacity: 5, write_capacity: 5 }) },
    judge: judgeResources("aws_dynamodb_table", (node, graph) => {
      const { billing_mode = "PROVISIONED", read_capacity, write_capacity, restore_source_name } = node.attributes;
      const mode = knownValue(graph, node, billing_mode);
      if (mode !== "PROVISIONED" || isSet(restore_source_name)) return [];
      return isSet(read_capacity) && isSet(write_capacity) ? [] : ["must have read_capacity and write_capacity"];
    }),
  },
  {
    id: "kms-multi-region-used",
    title: "Keys are of several regions only where they are used in several",
    severity: "low",
    why: "Whoever may replicate the key takes it, and all that it decrypts, to a region that nobody watches; it can't be undone.",
    fix: "Leave multi_region out, or add the aws_kms_replica_key that it is for.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html"],
    examples: { failing: multiRegion(true), passing: multiRegion(false) },
    judge: judgeResources("aws_kms_key", (node, graph) =>
      node.attributes.multi_region === true &&
      referrersOf(graph, node, "aws_kms_replica_key", "primary_key_arn").length === 0
        ? ["must not be of several regions: it has no replica"]
        : [],
    ),
  },
  {
    id: "kms-key-used",
    title: "Keys let somebody use them",
    severity: "medium",
    why: "A key that can only be administered encrypts nothing: what is set to use it fails.",
    fix: "Allow kms:Decrypt, kms:GenerateMac or what the key is for, in its policy.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"],
    examples: { failing: keyFor("kms:PutKeyPolicy"), passing: keyFor("kms:*") },
    judge: judgeResources("aws_kms_key", (node, graph) => {
      const statements = graph.policiesOf(node).flatMap((document) => document.statements);
      const uses =
        /^(\*|kms:(\*|(Decrypt|Encrypt|GenerateDataKey|GenerateMac|VerifyMac|Sign|Verify|ReEncrypt|DeriveSharedSecret).*))$/i;
      return statements.length === 0 ||
        statements.some(({ effect, actions }) => effect === "Allow" && actions.some((action) => uses.test(action)))
        ? []
        : ["must let somebody use it"];
    }),
  },
  {
    id: "sns-mail-address",
    title: "Mail goes to addresses that can exist",
    severity: "medium",
    why: "SNS takes the subscription, and what it sends comes back to nobody: alarms aren't heard of.",
    fix: "Write the address of a mailbox that somebody reads into endpoint.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"],
    examples: { failing: mailTo("oncall@example.com-x"), passing: mailTo("oncall@example.com") },
    judge: judgeResources("aws_sns_topic_subscription", (node, graph) => {
      if (!/^email/.test(String(node.attributes.protocol))) return [];
      const endpoint = knownValue(graph, node, node.attributes.endpoint);
      return typeof endpoint !== "string" || /^[^@\s]+@[^@\s]+\.[a-z]{2,}$/i.test(endpoint)
        ? []
        : [`must write to an address that can exist (${endpoint} can't)`];
    }),
  },
  {
    id: "dashboard-widgets",
    title: "Widgets of dashboards are of a type, with what it needs",
    severity: "low",
    why: "CloudWatch refuses the dashboard, or shows an empty place where somebody looks for trouble.",
    fix: "Give each widget its type and properties.",
    references: [
      "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    ],
    examples: {
      failing: dashboard({ properties: {} }),
      passing: dashboard({ type: "text", properties: { markdown: "Orders" } }),
    },
    judge: judgeResources("aws_cloudwatch_dashboard", ({ attributes }) => {
      const body = parseJsonText(String(attributes.dashboard_body)) as Attributes | undefined;
      if (body === undefined) return [];
      const widgets = blocksOf(body, "widgets");
      return [
        ...(widgets.length > 0 ? [] : ["must have widgets"]),
        ...widgets.flatMap((widget, index) =>
          /^(metric|text|log|alarm|explorer|custom)$/.test(String(widget.type)) && shows(widget)
            ? []
            : [`must have a type, and what to show, for its widget ${index + 1}`],
        ),
      ];
    }),
  },
];

/** Whether a widget has what one of its type shows. */
function shows({ type, properties }: Attributes): boolean {
  if (!isObject(properties)) return false;
  const wanted: Readonly<Record<string, readonly string[]>> = {
    metric: ["metrics", "annotations"],
    text: ["markdown"],
    log: ["query"],
    alarm: ["alarms"],
  };
  const names = wanted[String(type)];
  return names === undefined || names.some((name) => isSet(properties[name]));
}

function referredAt(graph: Graph, node: GraphNode, path: string, type: string): GraphNode | undefined {
  return graph
    .referencesFrom(node, path)
    .flatMap((each) => ("to" in each && each.to.type === type ? [each.to] : []))[0];
}

/** API, path and method, as one text. */
function placeOf(graph: Graph, node: GraphNode): string {
  const { rest_api_id, resource_id, http_method } = node.attributes;
  const method = knownValue(graph, node, http_method);
  return [rest_api_id, resource_id, method === unknown ? http_method : method].join(" ");
}
