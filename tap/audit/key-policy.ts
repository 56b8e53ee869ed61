import { sameInPolicy } from "./policies";
import { expectThat, type Finding } from "./requirement";
import { type PolicyStatement, type Resource, type StackJson, statementsOf } from "./stack-json";

/** A service that may use a key: for what, by the encryption context that it sends or the source that it works for. */
export interface KeyUse {
  /** `dynamodb`, `logs`, `lambda`. */
  readonly service: string;
  readonly statement: string;
  /** e.g. `aws:dynamodb:tableName`, `aws:SourceArn`; undefined where nothing limits what it is used for. */
  readonly context: string | undefined;
  readonly values: readonly string[];
}

/** Actions that encrypt, decrypt, or let somebody else do it. */
const using = /^kms:(\*|.*(Crypt|Generate|CreateGrant|ReplicateKey|Sign|Mac).*)$/i;
const viaService = "kms:ViaService";
const callerAccount = "kms:CallerAccount";

/** Who may use a key, read from its policy: every service of every statement that allows more than administration. */
export function keyUses({ attributes }: Resource): KeyUse[] {
  return statementsOf(attributes.policy)
    .filter((statement) => statement.Effect === "Allow" && statement.Action.some((action) => using.test(action)))
    .flatMap((statement) =>
      servicesOf(statement).map((service) => ({ service, statement: statement.Sid, ...contextOf(statement) })),
    );
}

/**
 * What holds for every customer key: this account administers it and can't lose it; it is used through named
 * services alone, each limited to this account and to what it is for.
 */
export function keyPolicyFindings(stack: StackJson, key: Resource, accountId: string): Finding[] {
  const statements = statementsOf(key.attributes.policy).filter(({ Effect }) => Effect === "Allow");
  const root = { AWS: [`arn:aws:iam::${accountId}:root`] };
  const administers = (statement: PolicyStatement) =>
    sameInPolicy(statement.Principal, root) &&
    statement.Condition === undefined &&
    statement.Action.includes("kms:PutKeyPolicy");
  return [
    ...expectThat(
      statements.some(administers),
      stack,
      "isn't administered by its account: once its policy is wrong, it is locked for ever",
      key.address,
    ),
    ...statements.flatMap((statement) =>
      expectThat(
        statement.NotAction === undefined && statement.NotPrincipal === undefined && isLimited(statement, accountId),
        stack,
        `may be used beyond this account, or by no named service, by its statement ${statement.Sid}`,
        key.address,
      ),
    ),
  ];
}

/** Whether a statement gives no use of the key, or gives it to services for this account alone. */
function isLimited(statement: PolicyStatement, accountId: string): boolean {
  const ofAccount = sameInPolicy(statement.Principal, { AWS: [`arn:aws:iam::${accountId}:root`] });
  if (!statement.Action.some((action) => using.test(action)))
    return ofAccount || servicePrincipals(statement).length > 0;
  const services = servicesOf(statement);
  const { context, values } = contextOf(statement);
  const onlyGrants = statement.Action.every((action) => action === "kms:CreateGrant");
  if (servicePrincipals(statement).length > 0)
    return (
      Object.keys(statement.Principal as object).join() === "Service" &&
      (JSON.stringify(statement.Condition?.StringEquals ?? {}).includes(`"aws:SourceAccount":"${accountId}"`) ||
        (values.length > 0 && values.every((value) => value.split(":")[4] === accountId)))
    );
  return (
    ofAccount &&
    services.length > 0 &&
    sameInPolicy(statement.Condition?.StringEquals?.[callerAccount], [accountId]) &&
    (onlyGrants || (context !== undefined && values.length > 0 && !values.includes("*")))
  );
}

/** Short names of the services that a statement is for: principals, or whom the caller goes through. */
function servicesOf(statement: PolicyStatement): string[] {
  const through = [statement.Condition?.StringEquals?.[viaService] ?? []].flat();
  return [...servicePrincipals(statement), ...through].map((name) => name.split(".")[0] as string);
}

function servicePrincipals({ Principal }: PolicyStatement): string[] {
  const services =
    typeof Principal === "object" && Principal !== null ? (Principal as { Service?: unknown }).Service : [];
  return [services ?? []].flat().map(String);
}

function contextOf({ Condition = {} }: PolicyStatement): Pick<KeyUse, "context" | "values"> {
  const keys = Object.values(Condition).flatMap((operator) => Object.entries(operator));
  const found =
    keys.find(([key]) => key.startsWith("kms:EncryptionContext:")) ?? keys.find(([key]) => key === "aws:SourceArn");
  return {
    context: found?.[0].replace("kms:EncryptionContext:", ""),
    values: found === undefined ? [] : [found[1]].flat().map(String),
  };
}
