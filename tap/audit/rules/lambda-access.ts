import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { isOn, isSet, judgeResources, knownValue, type Rule } from "../rule";
import { functionAt } from "./invoked";
import { worker } from "./lambda-example";

const permission = (attributes: Record<string, unknown>) =>
  worker(
    {},
    {
      aws_lambda_permission: {
        Invoke: {
          action: "lambda:InvokeFunction",
          function_name: "${aws_lambda_function.Worker.function_name}",
          ...attributes,
        },
      },
    },
  );

const url = (attributes: Record<string, unknown>) =>
  worker(
    {},
    {
      aws_lambda_function_url: {
        Url: { function_name: "${aws_lambda_function.Worker.function_name}", ...attributes },
      },
    },
  );

/** Whether everybody is meant, and by which words. */
function isEveryone(graph: Graph, node: GraphNode, principal: unknown): boolean {
  return knownValue(graph, node, principal) === "*";
}

/** An ARN that names nothing in particular: of every account, or of every thing. */
const widest = /^(\*|arn:[\w*-]+:(?!s3:)[\w*-]*:[\w*-]*:\*?:.*|arn:[\w*-]+:[\w*-]+:[\w*-]*:[\w*-]*:\*)$/;

/** Who may call functions. */
export const lambdaAccessRules: readonly Rule[] = [
  {
    id: "lambda-permission-source",
    title: "Services may call functions for named things only",
    severity: "high",
    why: "Without a source, anybody's topic, bucket or rule in any account calls the function through that service.",
    fix: "Set source_arn to the one thing that calls, and for S3 source_account too: a bucket's ARN has no account in it.",
    references: [
      "FSBP Lambda.1",
      "CKV_AWS_364",
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    ],
    examples: {
      failing: permission({ principal: "sns.amazonaws.com" }),
      passing: permission({ principal: "sns.amazonaws.com", source_arn: "arn:aws:sns:us-east-1:111111111111:orders" }),
    },
    judge: judgeResources("aws_lambda_permission", (node, graph) => {
      const { principal, source_arn, source_account, principal_org_id, event_source_token } = node.attributes;
      const service = String(knownValue(graph, node, principal));
      if (!/^[\w.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)$/.test(service)) return [];
      if (isSet(source_account) || isSet(principal_org_id) || isSet(event_source_token)) {
        return isSet(source_arn) && knownValue(graph, node, source_arn) === "*"
          ? [`must name what ${service} calls for in source_arn (it has *)`]
          : [];
      }
      if (!isSet(source_arn))
        return [`must name what ${service} calls for: it has neither source_arn nor source_account`];
      const arn = knownValue(graph, node, source_arn);
      if (typeof arn === "string" && widest.test(arn)) return [`must name what ${service} calls for (it has ${arn})`];
      return service.startsWith("s3.")
        ? ["must have source_account set: whoever makes a bucket of that name after this one calls the function"]
        : [];
    }),
  },
  {
    id: "lambda-permission-everyone",
    title: "Not everybody may call a function",
    severity: "critical",
    why: "Anybody with an AWS account, or without one through a function URL, runs the code at this account's cost.",
    fix: "Set principal to the account, role or service that calls, or principal_org_id to the organization.",
    references: ["FSBP Lambda.1", "CKV_AWS_301"],
    examples: {
      failing: permission({ principal: "*" }),
      passing: permission({ principal: "*", principal_org_id: "o-abcdef1234" }),
    },
    judge: judgeResources("aws_lambda_permission", (node, graph) => {
      const { principal, principal_org_id, source_arn, source_account } = node.attributes;
      const isLimited = [principal_org_id, source_account, source_arn].some(
        (value) => isSet(value) && knownValue(graph, node, value) !== "*",
      );
      return isEveryone(graph, node, principal) && !isLimited
        ? ["must not let everyone call its function (principal is *)"]
        : [];
    }),
  },
  {
    id: "lambda-permission-action",
    title: "Permissions on functions are for invoking them",
    severity: "high",
    why: "lambda:* on a function lets who may call it also replace its code.",
    fix: 'Set action to "lambda:InvokeFunction".',
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"],
    examples: {
      failing: permission({ principal: "222222222222", action: "lambda:*" }),
      passing: permission({ principal: "222222222222" }),
    },
    judge: judgeResources("aws_lambda_permission", (node, graph) => {
      const action = String(knownValue(graph, node, node.attributes.action ?? ""));
      return action === "*" || /^lambda:.*\*/i.test(action)
        ? [`must have the action lambda:InvokeFunction (it has ${action})`]
        : [];
    }),
  },
  {
    id: "lambda-url-auth",
    title: "Function URLs ask who calls",
    severity: "critical",
    why: "A function URL without authorization is open to the internet, past any gateway, key, quota or firewall.",
    fix: 'Set authorization_type = "AWS_IAM", or put an API in front.',
    references: ["CKV_AWS_258", "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"],
    examples: { failing: url({ authorization_type: "NONE" }), passing: url({ authorization_type: "AWS_IAM" }) },
    judge: judgeResources("aws_lambda_function_url", (node, graph) =>
      knownValue(graph, node, node.attributes.authorization_type) === "NONE"
        ? ["must have authorization_type AWS_IAM (it has NONE)"]
        : [],
    ),
  },
  {
    id: "lambda-url-cors",
    title: "Function URLs name the websites that may call them",
    severity: "medium",
    why: "Any website that a user visits calls the function with what that user's browser sends along.",
    fix: "List the origins in cors.allow_origins.",
    references: ["CKV2_AWS_75"],
    examples: {
      failing: url({ authorization_type: "AWS_IAM", cors: { allow_origins: ["*"], allow_credentials: true } }),
      passing: url({ authorization_type: "AWS_IAM", cors: { allow_origins: ["https://www.example.com"] } }),
    },
    judge: judgeResources("aws_lambda_function_url", (node, graph) =>
      blocksOf(node.attributes, "cors").flatMap(({ allow_origins, allow_credentials, allow_methods }) => {
        const origins: unknown[] = [allow_origins ?? []].flat();
        const methods: unknown[] = [allow_methods ?? []].flat();
        const isRisky =
          methods.includes("*") || (allow_credentials !== undefined && isOn(graph, node, allow_credentials));
        return origins.includes("*") && isRisky ? ["must name its origins in cors.allow_origins (it has *)"] : [];
      }),
    ),
  },
  {
    id: "lambda-layer-permission-everyone",
    title: "Layers aren't shared with everyone",
    severity: "high",
    why: "Anybody downloads the layer, with whatever was packed into it.",
    fix: "Set principal to an account, or organization_id.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html"],
    examples: {
      failing: layer({ principal: "*" }),
      passing: layer({ principal: "*", organization_id: "o-abcdef1234" }),
    },
    judge: judgeResources("aws_lambda_layer_version_permission", (node, graph) =>
      isEveryone(graph, node, node.attributes.principal) && !isSet(node.attributes.organization_id)
        ? ["must not share its layer with everyone (principal is *)"]
        : [],
    ),
  },
  {
    id: "lambda-alias-invoked",
    title: "What calls a function with an alias calls the alias",
    severity: "medium",
    why: "What calls the function itself gets $LATEST in the middle of a deployment, and rolling the alias back changes nothing for it.",
    fix: "Set function_name, or the target's arn, to the alias's ARN.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"],
    examples: {
      failing: mapped("${aws_lambda_function.Worker.arn}"),
      passing: mapped("${aws_lambda_alias.Live.arn}"),
    },
    judge: (graph, settings) => {
      const withAlias = new Set(
        graph.ofType("aws_lambda_alias").map((each) => functionAt(graph, each.attributes.function_name, each.stack)),
      );
      const judge = (type: string, attribute: string) =>
        judgeResources(type, (node) => {
          const lambda = graph.resolve(node.attributes[attribute], node.stack, { types: ["aws_lambda_function"] });
          const text = String(node.attributes[attribute]);
          // A version, or an alias that is written out.
          const isQualified = /\.qualified_(invoke_)?arn|:function:[^:]+:[^:]+$/.test(text);
          return lambda?.type === "aws_lambda_function" && withAlias.has(lambda) && !isQualified
            ? [`must call the alias of ${lambda.address} in ${attribute} (it calls the function itself)`]
            : [];
        });
      return [
        ...judge("aws_lambda_event_source_mapping", "function_name")(graph, settings),
        ...judge("aws_cloudwatch_event_target", "arn")(graph, settings),
      ];
    },
  },
];

function layer(attributes: Record<string, unknown>) {
  const shared = { layer_name: "tools", version_number: 1, statement_id: "Share", action: "lambda:GetLayerVersion" };
  return { resource: { aws_lambda_layer_version_permission: { Share: { ...shared, ...attributes } } } };
}

function mapped(function_name: string) {
  return worker(
    { publish: true },
    {
      aws_lambda_alias: {
        Live: {
          name: "live",
          function_name: "${aws_lambda_function.Worker.function_name}",
          function_version: "${aws_lambda_function.Worker.version}",
        },
      },
      aws_lambda_event_source_mapping: {
        Jobs: { event_source_arn: "arn:aws:sqs:us-east-1:111111111111:jobs", function_name },
      },
    },
  );
}
