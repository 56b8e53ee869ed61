import type { Graph, GraphNode } from "../graph/model";
import type { Condition, Statement } from "../graph/policy";
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

/** Actions that encrypt, decrypt, sign, or let somebody else do it. */
const using = /^kms:(\*|.*(crypt|generate|creategrant|replicatekey|sign|mac|derive).*)$/i;
/** Those of them that a service needs, and no wider. */
const usual = /^kms:(Decrypt|Encrypt|GenerateDataKey|ReEncrypt|Describe(Key)?)\*?$/;
/** What a service may do with a key beside using it. */
const describing = /^kms:Describe(\*|Key)$/;
const contextPrefix = "kms:EncryptionContext:";
/** Operators under which a condition holds for what it names alone; `IfExists`, `Not…` and `ForAllValues:` hold for more. */
const naming = /^(String|Arn)(Equals|Like)$/;

/** Which services may use a key, and for what. Grants are left out, see `grantingServices`. */
export function keyUses(graph: Graph, key: GraphNode): KeyUse[] {
  return statementsOf(graph, key)
    .filter((statement) => isUse(statement) && !onlyGrants(statement))
    .flatMap((statement) => servicesOf(statement).map((use) => ({ ...use, ...contextOf(statement) })));
}

/** Services that may go on using a key by grants, in the name of who set them up. */
export function grantingServices(graph: Graph, key: GraphNode): string[] {
  return statementsOf(graph, key)
    .filter(onlyGrants)
    .flatMap(servicesOf)
    .map(({ service }) => service)
    .sort();
}

/**
 * What holds for every customer key: it is on, its account administers it, so that it can't be lost, and it is used
 * through named services alone, in its own region, for this account and for things of it.
 */
export function keyPolicyProblems(graph: Graph, key: GraphNode, accountId: string): string[] {
  const statements = statementsOf(graph, key);
  const { is_enabled, bypass_policy_lockout_safety_check } = key.attributes;
  const administers = (statement: Statement) =>
    isAccount(statement, accountId) &&
    statement.conditions.length === 0 &&
    statement.actions.includes("kms:PutKeyPolicy");
  const limited = isMacKey(key) ? isForMac : isLimited;
  return [
    ...(is_enabled === false || bypass_policy_lockout_safety_check === true
      ? ["is off, or past KMS's own safety check"]
      : []),
    ...(statements.some(administers) ? [] : ["isn't administered by its account: a wrong policy locks it for ever"]),
    ...statements
      .filter((statement) => statement.effect === "Deny" || !limited(statement, accountId, String(key.region)))
      .map(
        ({ sid, path }) =>
          `may be used beyond named services and this account, or by nobody, by its statement ${sid ?? path}`,
      ),
  ];
}

function statementsOf(graph: Graph, key: GraphNode): Statement[] {
  return graph
    .policiesOf(key)
    .filter(({ kind }) => kind === "key")
    .flatMap(({ statements }) => statements);
}

function isMacKey({ attributes }: GraphNode): boolean {
  return attributes.key_usage === "GENERATE_VERIFY_MAC";
}

/** A key of authentication codes is called directly, by principals of the account that IAM lets. */
function isForMac(statement: Statement, accountId: string): boolean {
  const codes = statement.actions.every((action) => /^kms:(Generate|Verify)Mac$/.test(action));
  return isAccount(statement, accountId) && (codes || !isUse(statement));
}

function isLimited(statement: Statement, accountId: string, region: string): boolean {
  const { actions, principals, notPrincipals, notActions } = statement;
  if (notPrincipals.length > 0 || notActions.length > 0 || principals.length === 0) return false;
  if (principals.every(({ type }) => type === "Service")) {
    const ofRegion = principals.every(({ value }) => isOfRegion(value, region));
    const narrow = actions.every((action) => usual.test(action) || describing.test(action));
    return ofRegion && narrow && isForAccount(statement, accountId);
  }
  if (!isAccount(statement, accountId)) return false;
  return !isUse(statement) || isThroughService(statement, accountId, region);
}

/** `lambda.amazonaws.com`, or `logs.us-east-1.amazonaws.com` of that region. */
function isOfRegion(service: string, region: string): boolean {
  return [`${service.split(".")[0]}.amazonaws.com`, `${service.split(".")[0]}.${region}.amazonaws.com`].includes(
    service,
  );
}

/** A service by itself: for this account, as it says, or for ARNs of this account's things. */
function isForAccount(statement: Statement, accountId: string): boolean {
  const accounts = exactly(statement, "aws:SourceAccount");
  const { values } = contextOf(statement);
  return (
    accounts.join() === accountId || (values.length > 0 && values.every((value) => value.split(":")[4] === accountId))
  );
}

/** A principal of the account through a service, which says what for; a grant is made by the service alone. */
function isThroughService(statement: Statement, accountId: string, region: string): boolean {
  const services = exactly(statement, "kms:ViaService");
  const { values } = contextOf(statement);
  return (
    exactly(statement, "kms:CallerAccount").join() === accountId &&
    services.length > 0 &&
    // Copies of backups come from other regions and go to them.
    services.every(
      (service) => service.endsWith(`.${region}.amazonaws.com`) || /^backup\.[a-z0-9-]+\.amazonaws\.com$/.test(service),
    ) &&
    (onlyGrants(statement) ||
      (statement.actions.every((action) => usual.test(action)) && values.length > 0 && values.every(isNarrow)))
  );
}

function isNarrow(value: string): boolean {
  return !/^(\*|arn:aws:[a-z0-9]+:\*.*)$/.test(value);
}

function exactly(statement: Statement, key: string): string[] {
  return conditionsOn(statement, key)
    .filter(({ operator }) => operator === "StringEquals")
    .flatMap(({ values }) => values);
}

function isUse({ effect, actions }: Statement): boolean {
  return effect === "Allow" && actions.some((action) => using.test(action));
}

function onlyGrants({ effect, actions }: Statement): boolean {
  return effect === "Allow" && actions.every((action) => action === "kms:CreateGrant");
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
  const isContext = ({ key }: Condition) => key.startsWith(contextPrefix);
  const isSource = ({ key }: Condition) => key === "aws:SourceArn";
  const named = conditions.filter(({ operator }) => naming.test(operator));
  const found = named.find(isContext) ?? named.find(isSource);
  return { context: found?.key.replace(contextPrefix, ""), values: found?.values ?? [] };
}
