import { isPattern, matchesPattern } from "../../graph/arn";
import type { PolicyKind } from "../../graph/policy";
import { type Change, quote } from "../change";
import type { ReviewClass } from "../classes";
import { covers, type Grant, type PolicyChange } from "../policy-meaning";
import { listed, type Reason } from "../reason";

/** Actions by which rights are made or handed on: whoever has them has soon all others. */
const powerful =
  /^(?:\*|[\w-]+:\*|iam:(?:\*|add\w+|attach\w+|create\w+|delete\w+boundary|passrole|put\w+|set\w+|update\w+)|sts:assume\w*|kms:(?:creategrant|putkeypolicy|schedulekeydeletion|disablekey)|lambda:(?:addpermission|updatefunctioncode|\w*\*)|organizations:\w*|(?:s3|sqs|sns|secretsmanager|dynamodb|kinesis|events|ecr):(?:put|set|add|delete)\w*(?:policy|permission|acl)\w*)$/i;

/** Some of them, by which a pattern is known that has them in it. */
const powerfulActions: readonly string[] = [
  "dynamodb:putresourcepolicy",
  "ecr:setrepositorypolicy",
  "events:putpermission",
  "iam:addusertogroup",
  "iam:attachrolepolicy",
  "iam:createaccesskey",
  "iam:createrole",
  "iam:deleterolepermissionsboundary",
  "iam:passrole",
  "iam:putrolepolicy",
  "iam:setdefaultpolicyversion",
  "iam:updateassumerolepolicy",
  "kinesis:putresourcepolicy",
  "kms:creategrant",
  "kms:disablekey",
  "kms:putkeypolicy",
  "kms:schedulekeydeletion",
  "lambda:addpermission",
  "lambda:updatefunctioncode",
  "organizations:leaveorganization",
  "s3:putbucketacl",
  "s3:putbucketpolicy",
  "s3:putobjectacl",
  "secretsmanager:putresourcepolicy",
  "sns:addpermission",
  "sqs:addpermission",
  "sts:assumerole",
];

function isPowerful(action: string): boolean {
  const pattern = action.toLowerCase();
  return powerful.test(action) || (isPattern(action) && powerfulActions.some((each) => matchesPattern(pattern, each)));
}

/** In words, what a change of a policy gives and takes. */
export function policyReasons(
  change: Change,
  name: string,
  kind: PolicyKind,
  { granted, taken, undenied, denied, unclear, allowedBefore }: PolicyChange,
): readonly Reason[] {
  const reasons: Reason[] = [];
  if (unclear.length > 0)
    reasons.push({
      class: "dangerous",
      text: `${quote(change, name)} has a statement with NotAction, NotResource or NotPrincipal that is another one now: read it`,
    });
  if (undenied.length > 0)
    reasons.push({
      class: "dangerous",
      text: `${quote(change, name)} no longer denies ${grantText(change, undenied)}`,
    });
  if (granted.length > 0) reasons.push(...grantedReasons(change, name, kind, granted, allowedBefore));
  const isNarrower = taken.length + denied.length > 0 && granted.length + undenied.length + unclear.length === 0;
  if (isNarrower)
    reasons.push({
      class: "safe",
      text:
        taken.length > 0
          ? `${quote(change, name)} gives less: no longer ${grantText(change, taken)}`
          : `${quote(change, name)} gives less: ${grantText(change, denied)} is denied`,
    });
  if (reasons.length === 0 && change.action !== "create" && change.action !== "delete")
    reasons.push({ class: "safe", text: `${quote(change, name)} means the same, and is only written differently` });
  return reasons;
}

/** Conditions that are dropped are told of as such; what is left by what is new in it. */
function grantedReasons(
  change: Change,
  name: string,
  kind: PolicyKind,
  granted: readonly Grant[],
  before: readonly Grant[],
): Reason[] {
  const oldOf = (grant: Grant) => before.filter((old) => covers({ ...old, conditions: [] }, grant));
  const loosened = granted.filter((grant) => oldOf(grant).length > 0);
  const plain = granted.filter((grant) => !loosened.includes(grant));
  const reasons: Reason[] = [];
  if (loosened.length > 0)
    reasons.push({
      class: "dangerous",
      text: `${quote(change, name)} asks for other conditions: ${conditionText(change, loosened, loosened.flatMap(oldOf))}`,
    });
  const everyone = plain.filter(({ principal }) => principal === "*");
  const isEveryones = kind !== "endpoint" && kind !== "identity" && kind !== "boundary";
  if (isEveryones && everyone.length > 0) reasons.push(everyoneReason(change, name, everyone));
  const rest = plain.filter((grant) => !(isEveryones && everyone.includes(grant)));
  if (rest.length > 0)
    reasons.push({
      class: classOf(change, kind, rest),
      text: `${quote(change, name)} allows ${grantText(change, rest)}`,
    });
  return reasons;
}

function everyoneReason(change: Change, name: string, grants: readonly Grant[]): Reason {
  const isBare = grants.some(({ conditions }) => conditions.length === 0);
  return isBare
    ? {
        class: "dangerous",
        text: `${quote(change, name)} allows everyone, without any condition, ${grantText(change, grants)}`,
      }
    : {
        class: change.action === "create" ? "review" : "dangerous",
        text: `${quote(change, name)} allows everyone who meets ${conditionsOf(change, grants)} ${grantText(change, grants)}`,
      };
}

function classOf(change: Change, kind: PolicyKind, grants: readonly Grant[]): ReviewClass {
  if (grants.some(({ resource, action }) => isTooMuch(kind, resource, action))) return "dangerous";
  if (kind === "identity" || kind === "endpoint" || kind === "boundary" || kind === "organization") return "review";
  const isOthers = grants.some(({ principal }) => !principal.startsWith("Service "));
  // With a new thing comes the policy that it needs.
  if (change.action === "create") return isOthers ? "review" : "safe";
  return "dangerous";
}

/** What may be done to a key or a bucket is bounded by it; what a role may do isn't. */
function isTooMuch(kind: PolicyKind, resource: string, action: string): boolean {
  if (kind === "trust" || kind === "key" || kind === "resource" || kind === "endpoint") return false;
  return isPowerful(action) || (resource === "*" && action.includes("*"));
}

function grantText(change: Change, grants: readonly Grant[]): string {
  const of = (key: "principal" | "action" | "resource") =>
    listed(
      grants
        .map((grant) => grant[key])
        .filter((text) => text !== "")
        .map((text) => quote(change, text)),
      key === "action" ? 5 : 3,
    );
  const [who, what, where] = [of("principal"), of("action"), of("resource")];
  return `${what}${where === "" ? "" : ` on ${where}`}${who === "" || who === "*" ? "" : ` to ${who}`}`;
}

function conditionText(change: Change, granted: readonly Grant[], old: readonly Grant[]): string {
  const before = new Set(old.flatMap(conditionTexts));
  const after = new Set(granted.flatMap(conditionTexts));
  const gone = [...before].filter((text) => !after.has(text)).map((text) => quote(change, text));
  const come = [...after].filter((text) => !before.has(text)).map((text) => quote(change, text));
  const instead = come.length > 0 ? `, but ${listed(come, 3)}` : "";
  return `no longer ${gone.length === 0 ? "the same conditions together" : listed(gone, 3)}${instead}, for ${grantText(change, granted)}`;
}

function conditionsOf(change: Change, grants: readonly Grant[]): string {
  return listed(
    grants.flatMap(conditionTexts).map((text) => quote(change, text)),
    3,
  );
}

function conditionTexts({ conditions }: Grant): string[] {
  return conditions.map(({ operator, key, values }) => `${operator} ${key} ${values.join(" or ")}`);
}
