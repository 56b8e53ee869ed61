import { escapeTemplate } from "./expression";
import { PolicyProblem } from "./policy";
import { type Attributes, blocksOf } from "./terraform-json";

/** The policy that a `data.aws_iam_policy_document` renders, without the documents that it is based on. */
export function renderPolicyDocument(attributes: Attributes): { Statement: Attributes[] } {
  if (attributes.dynamic !== undefined) throw new PolicyProblem("has statements that are made when Terraform runs");
  return { Statement: blocksOf(attributes, "statement").map(renderStatement) };
}

function renderStatement(statement: Attributes): Attributes {
  return withoutEmpty({
    Sid: statement.sid,
    Effect: statement.effect ?? "Allow",
    Principal: renderPrincipals(blocksOf(statement, "principals")),
    NotPrincipal: renderPrincipals(blocksOf(statement, "not_principals")),
    Action: statement.actions,
    NotAction: statement.not_actions,
    Resource: withVariables(statement.resources),
    NotResource: withVariables(statement.not_resources),
    Condition: renderConditions(blocksOf(statement, "condition")),
  });
}

function renderPrincipals(blocks: readonly Attributes[]): unknown {
  if (blocks.some(({ type }) => type === "*")) return "*";
  const byType: Record<string, unknown[]> = {};
  for (const { type, identifiers } of blocks) {
    const key = String(type);
    byType[key] = [...(byType[key] ?? []), withVariables(identifiers)].flat();
  }
  return blocks.length === 0 ? undefined : byType;
}

function renderConditions(blocks: readonly Attributes[]): unknown {
  const byTest: Record<string, Record<string, unknown[]>> = {};
  for (const { test, variable, values } of blocks) {
    const keys = byTest[String(test)] ?? {};
    byTest[String(test)] = keys;
    const key = String(variable);
    keys[key] = [...(keys[key] ?? []), withVariables(values)].flat();
  }
  return blocks.length === 0 ? undefined : byTest;
}

/** The provider writes IAM's variables as `&{aws:username}`, so that Terraform doesn't take them for its own. */
function withVariables(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("&{", () => escapeTemplate("${"));
  return Array.isArray(value) ? value.map(withVariables) : value;
}

/** What a `aws_lambda_permission` adds to the policy of its function. */
export function renderPermission(attributes: Attributes): { Statement: Attributes[] } {
  const { principal, source_arn, source_account, principal_org_id, event_source_token, function_url_auth_type } =
    attributes;
  const condition = withoutEmpty({
    ArnLike: source_arn === undefined ? undefined : { "AWS:SourceArn": source_arn },
    StringEquals: withoutEmpty({
      "AWS:SourceAccount": source_account,
      "aws:PrincipalOrgID": principal_org_id,
      "lambda:EventSourceToken": event_source_token,
      "lambda:FunctionUrlAuthType": function_url_auth_type,
    }),
  });
  const type = /^[\w.-]+\.amazonaws\.com(\.cn)?$/.test(String(principal)) ? "Service" : "AWS";
  return {
    Statement: [
      withoutEmpty({
        Sid: attributes.statement_id,
        Effect: "Allow",
        Principal: principal === "*" ? "*" : { [type]: principal },
        Action: attributes.action,
        Resource: attributes.function_name,
        Condition: condition,
      }),
    ],
  };
}

function withoutEmpty(object: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) =>
        value !== undefined && value !== "" && !(typeof value === "object" && Object.keys(value ?? {}).length === 0),
    ),
  );
}
