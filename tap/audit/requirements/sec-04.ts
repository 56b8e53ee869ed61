import type { Environment } from "../../../config/environment";
import type { Attributes } from "../../graph/terraform-json";
import { takesKeys } from "../one-key";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** Resources that put a secret into state, however it was made. */
const secretResources = [
  "aws_iam_access_key",
  "aws_iam_user_login_profile",
  "aws_secretsmanager_secret_version",
  "random_password",
  "tls_private_key",
];

/** Data sources that read a secret into state. */
const secretData = ["aws_kms_secrets", "aws_secretsmanager_random_password", "aws_secretsmanager_secret_version"];

/** What secrets look like, whoever wrote them. */
const secretPatterns: Readonly<Record<string, RegExp>> = {
  "an AWS access key": /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "a GitHub token": /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  "a Slack token": /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  "a JSON web token": /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\./,
  "a password in an address": /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/:@$]+@/i,
};

/** Names of settings that mean a secret; one that names where the secret is, by ARN, name or path, is none. */
const secretName = /(pass$|password|passwd|passphrase|pwd|secret|token|auth$|api_?key|private_?key|credential)/i;
const nameOfPlace = /(_arn|_name|_id|_path|_parameter|_file)$/i;

/** What a text has that any of these patterns, or an address, is in: most have nothing of it. */
const suspicious = /@|AKIA|ASIA|PRIVATE KEY|gh[pousr]_|xox|eyJ/;

const email = /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g;

export const sec04: Requirement = {
  id: "SEC-04",
  checks:
    "No resource that puts a secret into state; nothing that looks like a secret, and no setting or variable that is named like one, with a value; the value of an API key is a gateway's, and in nothing but keys; no address of a person: mailboxes are the configured teams', and stand in subscriptions alone.",
  why: "State, JSON and settings are read by many, copied by CI, and kept for ever in versions.",
  judge: (subject) =>
    judgeEach(subject, "all", (stack, environment) => {
      const texts = textsOf(stack);
      return [
        ...resources(stack),
        ...apiKeys(stack, environment, texts),
        ...values(stack, environment, texts),
        ...settings(stack),
        ...variables(stack),
      ];
    }),
};

function resources(stack: StackJson): Finding[] {
  const { resource = {}, data = {} } = stack.json;
  const secret = (address: string) => ({ stack: stack.id, address, message: "puts a secret into state" });
  const named = (blocks: object | undefined) => Object.entries((blocks ?? {}) as Record<string, Attributes>);
  return [
    ...secretResources.flatMap((type) => named(resource[type]).map(([name]) => secret(`${type}.${name}`))),
    ...secretData.flatMap((type) => named(data[type]).map(([name]) => secret(`data.${type}.${name}`))),
    // Terraform keeps what SSM encrypts as it was before; outputs are no secrets, and say so (insecure_value).
    ...named(resource.aws_ssm_parameter)
      .filter(([, { type, value }]) => type === "SecureString" || value !== undefined)
      .map(([name]) => secret(`aws_ssm_parameter.${name}`)),
    ...named(data.aws_ssm_parameter)
      .filter(([, { with_decryption }]) => with_decryption === true)
      .map(([name]) => secret(`data.aws_ssm_parameter.${name}`)),
  ];
}

/** All of a key but what says which one it is. */
const valueOfKey = /\$\{.*\baws_api_gateway_api_key\.[\w-]+(?![\w-]|\.(?:arn|id|name)\b)/s;

/** Values of API keys are made by a gateway: the own one, or where there is a domain the primary region's (PLAT-14). */
function apiKeys(stack: StackJson, environment: Environment, texts: readonly Text[]): Finding[] {
  const read = Object.keys(stack.json.data?.aws_api_gateway_api_key ?? {}).map(
    (name) => `data.aws_api_gateway_api_key.${name}`,
  );
  const isTaker = stack.component === "api" && takesKeys(environment, stack.region);
  const isTaken = (value: string) => isTaker && read.some((address) => value === `\${${address}.value}`);
  const given = texts.filter(({ address, path, value }) =>
    address.startsWith("aws_api_gateway_api_key.") && path === "value"
      ? !isTaken(value)
      : value.includes("aws_api_gateway_api_key") && valueOfKey.test(value),
  );
  return [
    ...(isTaker ? [] : read).map((address) => ({ stack: stack.id, address, message: "puts a secret into state" })),
    ...given.map(({ address, path }) => ({ stack: stack.id, address, message: `has an API key's value in ${path}` })),
  ];
}

interface Text {
  readonly address: string;
  readonly path: string;
  readonly value: string;
}

function textsOf(stack: StackJson): readonly Text[] {
  const {
    resource = {},
    data = {},
    output = {},
    variable = {},
    locals = {},
    provider = {},
    terraform = {},
  } = stack.json;
  const blocks = [
    ...Object.entries(resource).flatMap(([type, named]) =>
      Object.entries(named).map(([name, attributes]) => [`${type}.${name}`, attributes] as const),
    ),
    ...Object.entries(data).flatMap(([type, named]) =>
      Object.entries(named).map(([name, attributes]) => [`data.${type}.${name}`, attributes] as const),
    ),
    ...Object.entries({ output, variable, locals, provider, terraform }),
  ];
  const texts: Text[] = [];
  for (const [address, attributes] of blocks) addTexts(texts, address, attributes, "");
  return texts;
}

function addTexts(texts: Text[], address: string, value: unknown, path: string): void {
  if (typeof value === "string") texts.push({ address, path, value });
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value))
      addTexts(texts, address, inner, path === "" ? key : `${path}.${key}`);
}

function values(stack: StackJson, environment: Environment, texts: readonly Text[]): Finding[] {
  return texts.flatMap(({ address, path, value }) => {
    if (!suspicious.test(value)) return [];
    const looksLike = Object.entries(secretPatterns).filter(([, pattern]) => pattern.test(value));
    const isMailbox = address.startsWith("aws_sns_topic_subscription.") && path === "endpoint";
    const strangers = (value.match(email) ?? []).filter(
      (mailbox) => !(isMailbox && environment.alarms.emails.includes(mailbox)),
    );
    return [
      ...looksLike.map(([what]) => `has ${what} in ${path}`),
      ...(strangers.length === 0 ? [] : [`has an e-mail address in ${path} that is no team's subscription`]),
    ].map((message) => ({ stack: stack.id, address, message }));
  });
}

/** Settings of functions, which are shown in the console and in every plan. */
function settings(stack: StackJson): Finding[] {
  return Object.entries(stack.json.resource?.aws_lambda_function ?? {}).flatMap(([name, { environment }]) => {
    const [block] = [environment].flat() as { variables?: Attributes }[];
    return Object.keys(block?.variables ?? {})
      .filter((key) => secretName.test(key) && !nameOfPlace.test(key))
      .map((key) => ({
        stack: stack.id,
        address: `aws_lambda_function.${name}`,
        message: `has the setting ${key}, which is named like a secret: give it the secret's ARN, and let it read that`,
      }));
  });
}

function variables(stack: StackJson): Finding[] {
  return Object.entries(stack.json.variable ?? {})
    .filter(([name, { default: value }]) => secretName.test(name) && value !== undefined)
    .map(([name]) => ({
      stack: stack.id,
      message: `has the variable ${name} with a value, which is named like a secret`,
    }));
}
