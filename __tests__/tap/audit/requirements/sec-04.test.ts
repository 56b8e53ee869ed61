import { sec04 } from "../../../../tap/audit/requirements/sec-04";
import { prove } from "../../../support/prove";
import { stackOf } from "../../../support/synthesized";
import { api, apiSetting } from "./api-mutations";
import { add, records, recordsResource, referenceTo, security } from "./mutations";

/** A setting of a function, as somebody in a hurry adds one. */
const setting = (key: string, value: string) =>
  recordsResource("aws_lambda_function", "Write", (lambda) => {
    const { variables } = lambda.environment as { variables: Record<string, string> };
    lambda.environment = { variables: { ...variables, [key]: value } };
  });

// Put together here, so that no scanner of this repository takes them for real.
const accessKey = `AKIA${"ABCDEFGH".repeat(2)}`;
const privateKey = `-----BEGIN RSA ${"PRIVATE KEY"}-----`;
const token = `ghp_${"a1B2".repeat(9)}`;
const webToken = `eyJ${"hbGciOiJIUzI1NiJ9"}.eyJ${"zdWIiOiIxMjM0NTY3ODkwIn0"}.x`;

prove(
  sec04,
  {
    ...Object.fromEntries(
      ["aws_iam_access_key", "aws_secretsmanager_secret_version", "random_password", "tls_private_key"].map((type) => [
        `there is a ${type}`,
        records((stack) => add(stack, type, {})),
      ]),
    ),
    "a parameter is a secret": records((stack) =>
      add(stack, "aws_ssm_parameter", { name: "/tap/x", type: "SecureString", value: "hunter2" }),
    ),
    "a secret's value is read": records((stack) => {
      stack.json.data = { ...stack.json.data, aws_secretsmanager_secret_version: { Added: { secret_id: "x" } } };
    }),
    "a parameter is read decrypted": records((stack) => {
      stack.json.data = { ...stack.json.data, aws_ssm_parameter: { Added: { name: "/x", with_decryption: true } } };
    }),
    ...Object.fromEntries(
      ["DB_PASS", "BASIC_AUTH", "PASSPHRASE", "DB_PWD"].map((name) => [
        `a setting is named ${name}`,
        setting(name, "hunter2"),
      ]),
    ),
    "a setting is an access key": setting("KEY", accessKey),
    "a setting is a private key": setting("PEM", privateKey),
    "a setting is a token of GitHub": setting("GITHUB", token),
    "a setting is a web token": setting("BEARER", webToken),
    "a setting is a password within an address": setting("DATABASE", "postgres://admin:hunter2@db.example.internal/x"),
    "a setting is named like a password": setting("DB_PASSWORD", "hunter2"),
    "a setting is named like an API key": setting("PAYMENT_API_KEY", "0123456789"),
    "a description has a secret": recordsResource("aws_kms_key", "Key", (key) => {
      key.description = `rotate ${accessKey} soon`;
    }),
    "an output has a secret": records((stack) => {
      stack.json.output = { ...stack.json.output, token: { value: token } };
    }),
    "a variable has a password": records((stack) => {
      stack.json.variable = { ...stack.json.variable, db_password: { type: "string", default: "hunter2" } };
    }),
    "an API key's value is written down": apiSetting("aws_api_gateway_api_key", "Key-web", {
      value: "0123456789abcdefghij",
    }),
    "an API key's value is put out": api((stack) => {
      const value = referenceTo(stack, "aws_api_gateway_api_key", "Key-web", "value");
      stack.json.output = { ...stack.json.output, key: { value } };
    }),
    "an API key is read without a domain": api((stack) => {
      stack.json.data = { ...stack.json.data, aws_api_gateway_api_key: { Added: { id: "abcdefghij" } } };
    }),
    "a person's address is in a description": recordsResource("aws_kms_key", "Key", (key) => {
      key.description = "Ask jane.doe@example.com";
    }),
    "a person's address is subscribed": security((stack) =>
      add(stack, "aws_sns_topic_subscription", { protocol: "email", endpoint: "jane.doe@example.com" }),
    ),
    "the team's mailbox is in a tag": (subject, environment) => {
      const { alarms } = subject.environments.find((each) => each.environmentSuffix === environment) ?? {};
      add(stackOf(subject, environment, "records"), "aws_sqs_queue", { tags: { Contact: alarms?.emails[0] } });
    },
  },
  { alone: true, without: ["files", "stream"] },
);
