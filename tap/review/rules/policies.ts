import { normalizePolicy, type PolicyKind, PolicyProblem, type Statement } from "../../graph/policy";
import { policyAttributes } from "../../graph/policy-attributes";
import { renderPermission } from "../../graph/policy-sources";
import { isObject, ownValue } from "../../graph/terraform-json";
import { type Change, quote } from "../change";
import type { Difference } from "../differences";
import { comparePolicies } from "../policy-meaning";
import { type Judgement, nothing, type Reason } from "../reason";
import { sensitiveText } from "../shown";
import { asJson, isEmpty, memberOf, unknownValue, type Values } from "../values";
import { policyReasons } from "./policy-reasons";

/** Attributes that hold no rights, though they are of JSON. */
const noPolicies = /^(?:redrive_policy|redrive_allow_policy|delivery_policy|policy_type|feedback_.*)$/;

/** Policies by what they mean, wherever they are: in attributes of their own, in blocks, and as a function's permission. */
export function judgePolicies(change: Change): Judgement {
  if (change.type === "aws_lambda_permission") return judgePermission(change);
  if (change.action === "delete") return judgeRemoved(change);
  const judged = change.differences.filter((difference) => isPolicy(change, difference));
  return { judged, reasons: judged.flatMap((difference) => judgeOne(change, difference)) };
}

function isPolicy(change: Change, { name, before, after }: Difference): boolean {
  if (kindOf(change.type, name) !== undefined) return true;
  return !noPolicies.test(name) && [before, after].some((side) => hasStatement(asJson(side)));
}

function hasStatement(document: object | undefined): boolean {
  const statement = memberOf(document, "Statement");
  return [statement].flat().some((each) => isObject(each) && "Effect" in each);
}

function kindOf(type: string, name: string): PolicyKind | undefined {
  return ownValue(policyAttributes, type)?.find(({ path }) => path === name)?.kind;
}

function judgeOne(change: Change, { name, before, after, isSensitive }: Difference): readonly Reason[] {
  if (isSensitive)
    return [{ class: "review", text: `${quote(change, name)} is sensitive: what it allows can't be seen here` }];
  if (after === unknownValue && isEmpty(before) && change.isConfigured(name) === false) return [];
  if (after === unknownValue)
    return [
      {
        class: "review",
        text: `${quote(change, name)} is known only after the apply: what it allows can't be seen here`,
      },
    ];
  const kind = kindOf(change.type, name) ?? "resource";
  const [old, now] = [statementsOf(before), statementsOf(after)];
  if ("problem" in old || "problem" in now) {
    const problem = "problem" in now ? now.problem : "problem" in old ? old.problem : "";
    return [
      { class: "dangerous", text: `${quote(change, name)} can't be read as a policy: ${quote(change, problem)}` },
    ];
  }
  return policyReasons(change, name, kind, comparePolicies(old.statements, now.statements));
}

type Read = { readonly statements: readonly Statement[] } | { readonly problem: string };

/** No policy gives no rights. */
function statementsOf(value: unknown): Read {
  if (isEmpty(value)) return { statements: [] };
  const document = asJson(value);
  if (document === undefined) return { problem: "it is no JSON" };
  try {
    return { statements: normalizePolicy(document, "policy") };
  } catch (error) {
    if (!(error instanceof PolicyProblem)) throw error;
    return { problem: error.message };
  }
}

/** What goes with a policy: what it has denied is allowed from then on. */
function judgeRemoved(change: Change): Judgement {
  const reasons = (ownValue(policyAttributes, change.type) ?? []).flatMap(({ path, kind }) => {
    const value = memberOf(change.before, path);
    // With a role or a queue goes its policy; that is no right that anybody gets.
    if (kind === "trust" || !/_policy$/.test(change.type) || value === sensitiveText) return [];
    const old = statementsOf(value);
    return "problem" in old ? [] : policyReasons(change, path, kind, comparePolicies(old.statements, []));
  });
  return { reasons };
}

/** Another name of the statement, or a function that is known only after the apply, is no other right. */
function judgePermission(change: Change): Judgement {
  if (change.action === "delete") return nothing;
  const judged = change.differences.filter(({ name }) => permissionAttributes.has(name));
  const unknown = judged.filter(({ after, name }) => after === unknownValue && name !== "function_name");
  const asStatement = (side: Values) =>
    isEmpty(side)
      ? []
      : normalizePolicy(renderPermission(withoutEmpty({ ...side, function_name: "function" })), "permission");
  const reasons = policyReasons(
    change,
    "the permission",
    "resource",
    comparePolicies(asStatement(change.before), asStatement(change.after)),
  );
  const hidden: Reason[] = unknown.map(({ name }) => ({
    class: "review",
    text: `${quote(change, name)} is known only after the apply`,
  }));
  // A condition that isn't known yet looks like one that is missing.
  const isKnown = unknown.length === 0;
  return { judged, reasons: isKnown ? reasons : hidden };
}

const permissionAttributes = new Set([
  "action",
  "event_source_token",
  "function_name",
  "function_url_auth_type",
  "principal",
  "principal_org_id",
  "source_account",
  "source_arn",
  "statement_id",
]);

function withoutEmpty(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}
