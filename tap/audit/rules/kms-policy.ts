import { isPattern, parseArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import type { Condition, Statement } from "../../graph/policy";
import { rememberingObjects } from "../../graph/remembering";
import { conditionsOn, coversAction, isForEveryone, valuesOn } from "../../graph/statement";
import { ownValue } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, type Rule } from "../rule";
import { isOpenText } from "./attribute-values";
import { hasUnreadablePolicy, isPublic, nameOf, servicesWithoutSource } from "./exposure";
import { contextOf, type KeyUser, keyUsers, matchesContext, serviceTypes } from "./key-users";

const account = "111111111111";
const administered = {
  Sid: "Account",
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: "kms:*",
  Resource: "*",
};
const logs = {
  Sid: "Logs",
  Effect: "Allow",
  Principal: { Service: "logs.us-east-1.amazonaws.com" },
  Action: ["kms:Decrypt", "kms:GenerateDataKey"],
  Resource: "*",
};
const ofOrders = {
  Condition: {
    ArnEquals: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:us-east-1:${account}:log-group:orders` },
  },
};
const withPolicy = (statements: readonly object[], users: object = {}) => ({
  provider: { aws: [{ region: "us-east-1", allowed_account_ids: [account] }] },
  resource: {
    aws_kms_key: { Orders: { policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }) } },
    ...users,
  },
});
const logGroup = { aws_cloudwatch_log_group: { Orders: { name: "orders", kms_key_id: "${aws_kms_key.Orders.arn}" } } };

/** A statement of a key's policy, its texts as far as they are known. */
interface Written {
  readonly statement: Statement;
  /** The resource that it is written in: the key, or its policy. */
  readonly node: GraphNode;
}

function keyPolicies(graph: Graph, key: GraphNode): readonly Written[] {
  return allKeyPolicies(graph).get(key) ?? [];
}

const allKeyPolicies = rememberingObjects((graph: Graph): ReadonlyMap<GraphNode, readonly Written[]> => {
  const byKey = keysOf(graph).map((key) => {
    const documents = graph.policiesOf(key).filter(({ kind }) => kind === "key");
    const written = documents.flatMap(({ node, statements }) =>
      statements.map((statement) => ({ node, statement: rendered(graph, node, statement) })),
    );
    return [key, written] as const;
  });
  return new Map(byKey);
});

function rendered(graph: Graph, { stack }: GraphNode, statement: Statement): Statement {
  const render = (texts: readonly string[]) => texts.map((text) => graph.render(text, stack));
  return {
    ...statement,
    principals: statement.principals.map(({ type, value }) => ({ type, value: graph.render(value, stack) })),
    conditions: statement.conditions.map((each) => ({ ...each, values: render(each.values) })),
  };
}

/** Judges statements of key policies one by one. */
function judgeKeyStatements(problemsOf: (statement: Statement, key: GraphNode) => readonly string[]): Rule["judge"] {
  return (graph) =>
    keysOf(graph).flatMap((key) =>
      keyPolicies(graph, key).flatMap(({ node, statement }) => findings(node, problemsOf(statement, key))),
    );
}

function keysOf(graph: Graph): GraphNode[] {
  return ["aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"].flatMap((type) => graph.ofType(type));
}

/** Whether a statement gives the key's account, by its root, what keeps the key from being locked. */
function isAdministered({ effect, principals, conditions, ...statement }: Statement, accountId: string | undefined) {
  const isAccount = (value: string) =>
    isOpenText(value) ||
    (accountId === undefined
      ? /^arn:[\w-]+:iam::\d{12}:root$|^\d{12}$/.test(value)
      : value === accountId || /^arn:[\w-]+:iam::(\d+):root$/.exec(value)?.[1] === accountId);
  return (
    effect === "Allow" &&
    conditions.length === 0 &&
    principals.some(({ type, value }) => type === "AWS" && isAccount(value)) &&
    coversAction({ effect, principals, conditions, ...statement }, "kms:PutKeyPolicy")
  );
}

function administration(graph: Graph): Finding[] {
  return keysOf(graph).flatMap((key) => {
    const statements = keyPolicies(graph, key);
    const isLocked =
      statements.length > 0 &&
      !hasUnreadablePolicy(graph, key) &&
      !statements.some(({ statement }) => isAdministered(statement, key.accountId));
    return [
      ...findings(statements[0]?.node ?? key, isLocked ? ["must let its account's root do kms:PutKeyPolicy"] : []),
      ...findings(
        key,
        isOn(graph, key, key.attributes.bypass_policy_lockout_safety_check)
          ? ["must not have bypass_policy_lockout_safety_check"]
          : [],
      ),
    ];
  });
}

/** What uses a key, rather than describing or administering it. */
const uses = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
const administering = [
  "kms:PutKeyPolicy",
  "kms:ScheduleKeyDeletion",
  "kms:DisableKey",
  "kms:RevokeGrant",
  "kms:ReplicateKey",
  "kms:DeleteImportedKeyMaterial",
];

const isUse = rememberingObjects(
  (statement: Statement) => statement.effect === "Allow" && uses.some((action) => coversAction(statement, action)),
);

/** Keys of conditions that tell what a key is used for. */
function tellsWhatFor({ key, operator, values }: Condition): boolean {
  const isPurpose = /^(kms:encryptioncontext:|kms:calleraccount$|kms:viaservice$)/i.test(key);
  return (
    isPurpose && /^(ForAnyValue:)?(String|Arn)(Equals|Like)/.test(operator) && values.every((value) => value !== "*")
  );
}

function openServices(statement: Statement): string[] {
  if (statement.conditions.some(tellsWhatFor) || !isUse(statement)) return [];
  return servicesWithoutSource(statement).map(
    (service) =>
      `must say for what ${service} uses it, as ${nameOf(statement)} doesn't: aws:SourceArn or aws:SourceAccount`,
  );
}

function administeringServices(statement: Statement): string[] {
  const services = statement.principals.filter(({ type }) => type === "Service").map(({ value }) => value);
  if (statement.effect !== "Allow" || services.length === 0) return [];
  const actions = administering.filter((action) => coversAction(statement, action));
  return actions.length > 0
    ? [`must not let ${services.join(", ")} do ${actions.join(", ")}, as ${nameOf(statement)} does`]
    : [];
}

/** Grants go on when the policy has changed: only services are to make them, for what they do. */
function openGrants(statement: Statement): string[] {
  const { effect, actions, principals } = statement;
  const isWhole = actions.some((action) => /^(kms:)?\*$/.test(action));
  const isOfRoot = principals.every(({ value }) => /:root$|^\d{12}$/.test(value) || isOpenText(value));
  if (effect !== "Allow" || !coversAction(statement, "kms:CreateGrant") || (isWhole && isOfRoot)) return [];
  const forServices =
    valuesOn(statement, "kms:GrantIsForAWSResource").join() === "true" ||
    conditionsOn(statement, "kms:ViaService").some(({ operator }) => /^String(Equals|Like)$/.test(operator));
  return forServices
    ? []
    : [`must allow grants to services alone, by kms:GrantIsForAWSResource, in ${nameOf(statement)}`];
}

const contextPrefix = "kms:encryptioncontext:";

/** Whether a statement lets a key be used for a thing, by the service itself or in somebody's name through it. */
function mayBeUsedFor(graph: Graph, statement: Statement, { user, service }: KeyUser): boolean {
  const names = [`${service}.amazonaws.com`, `${service}.${user.region ?? "*"}.amazonaws.com`];
  const isService = statement.principals.some(({ type, value }) => type === "Service" && names.includes(value));
  const isCaller = statement.principals.some(({ type }) => type === "AWS" || type === "*");
  if (!isUse(statement) || !(isService || (isCaller && !byItself.includes(service)))) return false;
  const context = contextOf(graph, user);
  return statement.conditions.every((condition) => {
    const { key, operator, values } = condition;
    if (!/^(ForAnyValue:)?(String|Arn)(Equals|Like)(IfExists)?$/.test(operator) || values.some(isOpenText)) return true;
    const name = key.toLowerCase();
    if (name === "kms:viaservice")
      return user.region === undefined || values.some((value) => names.some((each) => matchesContext(value, each)));
    if (!name.startsWith(contextPrefix) || context === undefined) return true;
    return name.slice(contextPrefix.length) === context.name.toLowerCase() && isAmong(condition, context.value);
  });
}

/** A key that encrypts a thousand things names all of them: they are looked up. */
const valuesIn = rememberingObjects(({ values }: Condition) => ({
  exact: new Set(values),
  patterns: values.filter(isPattern),
}));

function isAmong(condition: Condition, value: string): boolean {
  const { exact, patterns } = valuesIn(condition);
  return exact.has(value) || patterns.some((pattern) => matchesContext(pattern, value));
}

/** Services that use keys in their own name: the policy of the key must let them. */
const byItself = ["logs", "cloudtrail"];

function keptOutUsers(graph: Graph): Finding[] {
  return keyUsers(graph).flatMap((use) => {
    const statements = keyPolicies(graph, use.key);
    if (hasUnreadablePolicy(graph, use.key)) return [];
    // KMS's own policy lets the account's principals in, and no service.
    if (statements.length === 0 && !byItself.includes(use.service)) return [];
    if (statements.some(({ statement }) => mayBeUsedFor(graph, statement, use))) return [];
    return findings(statements[0]?.node ?? use.key, [`must let ${use.service} use it for ${use.user.address}`]);
  });
}

/** Services that a statement names. */
function servicesIn(statement: Statement): string[] {
  const principals = statement.principals.filter(({ type }) => type === "Service").map(({ value }) => value);
  const all = [...principals, ...valuesOn(statement, "kms:ViaService")];
  return [...new Set(all.map((name) => name.split(".")[0] as string))];
}

/** Things that a statement says it is for, as far as the configuration has them. */
function namedThings(graph: Graph, { conditions }: Statement, key: GraphNode): GraphNode[] {
  return conditions
    .filter(({ key: name }) => /^(aws:sourcearn|kms:encryptioncontext:.*)$/i.test(name))
    .flatMap(({ values }) => values)
    .filter((value) => parseArn(value) !== undefined)
    .flatMap((value) => [...graph.byArn(value), ...graph.matching(value, key.accountId)]);
}

/** Services that a key lets in, and that nothing under the key has to do with. */
function unusedServices(graph: Graph): Finding[] {
  const users = new Map<GraphNode, GraphNode[]>();
  for (const { key, user } of keyUsers(graph)) users.set(key, [...(users.get(key) ?? []), user]);
  return [...users].flatMap(([key, encrypted]) => {
    // What is told of a queue or a bucket under the key, as its subscription, is the sender's.
    const around = [key, ...encrypted].flatMap((node) => graph.referencesTo(node).map(({ from }) => from));
    const types = new Set([...encrypted, ...around].map(({ type }) => type));
    const isThere = (service: string) => [...types].some((type) => ownValue(serviceTypes, service)?.test(type));
    return keyPolicies(graph, key).flatMap(({ node, statement }) => {
      if (statement.effect !== "Allow") return [];
      const unused = servicesIn(statement).filter((service) => service in serviceTypes && !isThere(service));
      const isForSomething = unused.length > 0 && namedThings(graph, statement, key).length > 0;
      return findings(
        node,
        isForSomething
          ? []
          : unused.map((service) => `must not let ${service} use it, as ${nameOf(statement)} does: nothing there does`),
      );
    });
  });
}

/** Who may use keys, and for what. */
export const kmsPolicyRules: readonly Rule[] = [
  {
    id: "kms-key-administered",
    title: "A key's account administers it",
    severity: "high",
    why: "When the roles that the policy names are gone, nobody can change it, and what it encrypts is lost.",
    fix: "Keep a statement that lets the account's root do kms:*, or kms:PutKeyPolicy at least, without conditions.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"],
    examples: { failing: withPolicy([logs]), passing: withPolicy([administered]) },
    judge: administration,
  },
  {
    id: "kms-policy-given",
    title: "Keys have a policy of their own",
    severity: "medium",
    why: "By KMS's own policy, whoever may write IAM policies in the account decrypts everything.",
    fix: "Set policy of the key, or add an aws_kms_key_policy: who uses it, through which service, for what.",
    references: ["CKV2_AWS_64"],
    examples: { failing: { resource: { aws_kms_key: { Orders: {} } } }, passing: withPolicy([administered]) },
    judge: (graph) =>
      keysOf(graph).flatMap((key) =>
        keyPolicies(graph, key).length > 0 || isSet(key.attributes.policy) || hasUnreadablePolicy(graph, key)
          ? []
          : findings(key, ["must have a policy of its own"]),
      ),
  },
  {
    id: "kms-policy-not-public",
    title: "No key policy lets everyone in",
    severity: "critical",
    why: "Everyone with an AWS account decrypts what the key protects, or gives the key away.",
    fix: "Name principals, or limit the statement by kms:CallerAccount or aws:PrincipalOrgID; kms:ViaService alone doesn't.",
    references: ["CKV_AWS_33"],
    examples: {
      failing: withPolicy([{ ...administered, Principal: "*" }]),
      passing: withPolicy([
        { ...administered, Principal: "*", Condition: { StringEquals: { "kms:CallerAccount": account } } },
      ]),
    },
    judge: judgeKeyStatements((statement) =>
      isPublic(statement) ||
      (isForEveryone(statement) && statement.notActions.length > 0 && statement.effect === "Allow")
        ? [`must not let everyone in, as ${nameOf(statement)} does`]
        : [],
    ),
  },
  {
    id: "kms-services-for-account",
    title: "Services use a key for known things alone",
    severity: "high",
    why: "Somebody in another account has the service use your key for what is theirs: a confused deputy.",
    fix: "Limit the statement by aws:SourceArn, aws:SourceAccount, or the service's encryption context.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: withPolicy([administered, logs]),
      passing: withPolicy([administered, { ...logs, ...ofOrders }]),
    },
    judge: judgeKeyStatements(openServices),
  },
  {
    id: "kms-services-use-only",
    title: "Services use keys, and don't administer them",
    severity: "high",
    why: "A service that may change the policy or delete the key does so for whoever can have it act.",
    fix: "Name the actions: kms:Decrypt, kms:GenerateDataKey, and what the service's guide asks for.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html"],
    examples: {
      failing: withPolicy([administered, { ...logs, ...ofOrders, Action: "kms:*" }]),
      passing: withPolicy([administered, { ...logs, ...ofOrders }]),
    },
    judge: judgeKeyStatements(administeringServices),
  },
  {
    id: "kms-grants-for-services",
    title: "Grants on keys are made for services alone",
    severity: "medium",
    why: "A grant goes on letting somebody use the key when the policy doesn't any more, and shows in no policy.",
    fix: "Limit kms:CreateGrant by kms:GrantIsForAWSResource true, or by kms:ViaService.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/grant-authorization.html"],
    examples: {
      failing: withPolicy([administered, { ...administered, Sid: "Grants", Action: "kms:CreateGrant" }]),
      passing: withPolicy([
        administered,
        {
          ...administered,
          Sid: "Grants",
          Action: "kms:CreateGrant",
          Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
        },
      ]),
    },
    judge: judgeKeyStatements(openGrants),
  },
  {
    id: "kms-users-let-in",
    title: "Keys let what they encrypt be encrypted",
    severity: "high",
    why: "Logs are refused, tables aren't made, messages can't be read: often first when the key's cache ends.",
    fix: "Let the service use the key in the key's policy, with an encryption context that matches the thing.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"],
    examples: {
      failing: withPolicy([administered], logGroup),
      passing: withPolicy([administered, { ...logs, ...ofOrders }], logGroup),
    },
    judge: keptOutUsers,
  },
  {
    id: "kms-services-used",
    title: "Keys let just the services in that use them",
    severity: "medium",
    why: "A service that has nothing to do with the key may use it: one more way to what it protects.",
    fix: "Take the service out of the statement, or the statement out of the policy.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/least-privilege.html"],
    examples: {
      failing: withPolicy(
        [administered, { ...logs, ...ofOrders }, { ...logs, Sid: "Sns", Principal: { Service: "sns.amazonaws.com" } }],
        logGroup,
      ),
      passing: withPolicy([administered, { ...logs, ...ofOrders }], logGroup),
    },
    judge: unusedServices,
  },
];
