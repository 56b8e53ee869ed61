import type { Graph, GraphNode } from "../graph/model";
import type { Statement } from "../graph/policy";
import { conditionsOn } from "../graph/statement";

/** A service that may use a key: for what, by the encryption context that it sends or the source that it works for. */
export interface KeyUse {
  /** `dynamodb`, `logs`, `lambda`. */
  readonly service: string;
  /** `service`: by itself; `caller`: in the name of a principal of the account. */
  readonly by: "service" | "caller";
  /** e.g. `aws:dynamodb:tableName`, or `aws:SourceArn`; undefined where nothing limits what it is used for. */
  readonly context: string | undefined;
  readonly values: readonly string[];
}

/** Actions that encrypt, decrypt, or let somebody else do it. */
const using = /^kms:(\*|.*(crypt|generate|creategrant|replicatekey|sign|mac).*)$/i;
const contextPrefix = "kms:EncryptionContext:";

/** Which services may use a key, and for what. Grants are left out: they are made where the service may use it at all. */
export function keyUses(graph: Graph, key: GraphNode): KeyUse[] {
  return allowing(graph, key)
    .filter((statement) => isUse(statement) && !onlyGrants(statement))
    .flatMap((statement) => servicesOf(statement).map((use) => ({ ...use, ...contextOf(statement) })));
}

/**
 * What holds for every customer key: its account administers it, so that it can't be lost; and it is used through
 * named services alone, for this account and for things of it.
 */
export function keyPolicyProblems(graph: Graph, key: GraphNode, accountId: string): string[] {
  const statements = allowing(graph, key);
  const administers = (statement: Statement) =>
    isAccount(statement, accountId) &&
    statement.conditions.length === 0 &&
    statement.actions.includes("kms:PutKeyPolicy");
  return [
    ...(statements.some(administers) ? [] : ["isn't administered by its account: a wrong policy locks it for ever"]),
    ...statements
      .filter((statement) => !isLimited(statement, accountId))
      .map(({ sid, path }) => `may be used beyond named services and this account, by its statement ${sid ?? path}`),
  ];
}

function allowing(graph: Graph, key: GraphNode): Statement[] {
  return graph
    .policiesOf(key)
    .filter(({ kind }) => kind === "key")
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow");
}

function isLimited(statement: Statement, accountId: string): boolean {
  const { principals, notPrincipals, notActions } = statement;
  if (notPrincipals.length > 0 || notActions.length > 0 || principals.length === 0) return false;
  if (principals.every(({ type }) => type === "Service"))
    return !isUse(statement) || isForAccount(statement, accountId);
  if (!isAccount(statement, accountId)) return false;
  return !isUse(statement) || isThroughService(statement, accountId);
}

/** A service by itself: for this account, as it says, or for ARNs of this account's things. */
function isForAccount(statement: Statement, accountId: string): boolean {
  const accounts = conditionsOn(statement, "aws:SourceAccount").flatMap(({ values }) => values);
  const { values } = contextOf(statement);
  return (
    accounts.join() === accountId || (values.length > 0 && values.every((value) => value.split(":")[4] === accountId))
  );
}

/** A principal of the account through a service, which says what for; a grant is made by the service alone. */
function isThroughService(statement: Statement, accountId: string): boolean {
  const exact = (key: string) =>
    conditionsOn(statement, key)
      .filter(({ operator }) => operator === "StringEquals")
      .flatMap(({ values }) => values);
  const { values } = contextOf(statement);
  return (
    exact("kms:CallerAccount").join() === accountId &&
    exact("kms:ViaService").length > 0 &&
    (onlyGrants(statement) ||
      (values.length > 0 && values.every((value) => !/^(\*|arn:aws:[a-z0-9]+:\*.*)$/.test(value))))
  );
}

function isUse({ actions }: Statement): boolean {
  return actions.some((action) => using.test(action));
}

function onlyGrants({ actions }: Statement): boolean {
  return actions.every((action) => action === "kms:CreateGrant");
}

function isAccount({ principals }: Statement, accountId: string): boolean {
  return principals.length === 1 && principals[0]?.value === `arn:aws:iam::${accountId}:root`;
}

function servicesOf(statement: Statement): Pick<KeyUse, "service" | "by">[] {
  const shortName = (name: string) => name.split(".")[0] as string;
  const principals = statement.principals.filter(({ type }) => type === "Service").map(({ value }) => value);
  const through = conditionsOn(statement, "kms:ViaService").flatMap(({ values }) => values);
  return [
    ...principals.map((name) => ({ service: shortName(name), by: "service" as const })),
    ...through.map((name) => ({ service: shortName(name), by: "caller" as const })),
  ];
}

function contextOf({ conditions }: Statement): Pick<KeyUse, "context" | "values"> {
  const found =
    conditions.find(({ key }) => key.startsWith(contextPrefix)) ??
    conditions.find(({ key }) => key === "aws:SourceArn");
  return { context: found?.key.replace(contextPrefix, ""), values: found?.values ?? [] };
}
