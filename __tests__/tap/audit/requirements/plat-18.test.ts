import { plat18 } from "../../../../tap/audit/requirements/plat-18";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { adding, changing, jobs, jobsResource, remove, rewrite, without } from "./mutations";

type Attributes = Record<string, unknown>;

const setting = (changes: Attributes) =>
  jobsResource("aws_ssm_parameter", "Config_paused", (attributes) => Object.assign(attributes, changes));

const access = (change: Parameters<typeof rewrite>[2], role = "work_Role_data-access") =>
  jobsResource("aws_iam_role_policy", role, (policy) => rewrite(policy, "policy", change));

const variable = (value: string | undefined) =>
  jobsResource("aws_lambda_function", "work_Function", (lambda) => {
    const { variables } = lambda.environment as { variables: Attributes };
    lambda.environment = { variables: { ...variables, CONFIG_PATH: value } };
  });

const settingsOf = (stack: StackJson) =>
  Object.keys(stack.json.resource?.aws_ssm_parameter ?? {}).filter((name) => name.startsWith("Config_"));

prove(
  plat18,
  {
    "the next apply sets a setting back": setting({ lifecycle: undefined }),
    "the next apply sets a setting back, and leaves something else": setting({
      lifecycle: { ignore_changes: ["description"] },
    }),
    "the next apply leaves another value alone": setting({ lifecycle: { ignore_changes: ["value"] } }),
    "Terraform leaves all of a setting alone": setting({ lifecycle: { ignore_changes: "all" } }),
    "a setting can't be removed": setting({
      lifecycle: { ignore_changes: ["insecure_value"], prevent_destroy: true },
    }),
    "a setting overwrites what is there": setting({ overwrite: true }),
    "a setting is a secret": setting({ type: "SecureString" }),
    "a setting has its value elsewhere": setting({ value: "true" }),
    "a setting's value comes from another resource": setting({ insecure_value: "${aws_s3_bucket.Results.id}" }),
    "a setting is another environment's": setting({ name: "/tap/other/jobs/config/paused" }),
    "a setting is another component's": jobsResource("aws_ssm_parameter", "Config_paused", (attributes) => {
      attributes.name = String(attributes.name).replace("/jobs/", "/records/");
    }),
    "a setting is among the outputs": jobsResource("aws_ssm_parameter", "Config_paused", (attributes) => {
      attributes.name = String(attributes.name).replace("config/", "");
    }),
    "a setting is deeper down": jobsResource("aws_ssm_parameter", "Config_paused", (attributes) => {
      attributes.name = String(attributes.name).replace("config/", "config/worker/");
    }),
    "there is no setting": jobs((stack) => {
      for (const name of settingsOf(stack)) remove(stack, "aws_ssm_parameter", name);
    }),
    "one setting of those that are read is gone": jobs((stack) => {
      remove(stack, "aws_ssm_parameter", "Config_paused");
    }),
    "a setting is there that the function may not read": jobs((stack) => {
      const parameters = stack.json.resource?.aws_ssm_parameter ?? {};
      const old = resource(stack, "aws_ssm_parameter", "Config_paused");
      parameters.Config_other = { ...old, name: String(old.name).replace("paused", "other") };
    }),
    "no function is told of them": variable(undefined),
    "the function is told another path": variable("/tap/other/jobs/config/"),
    "the function is told a path without its slash": jobsResource("aws_lambda_function", "work_Function", (lambda) => {
      const { variables } = lambda.environment as { variables: Attributes };
      variables.CONFIG_PATH = String(variables.CONFIG_PATH).replace(/\/$/, "");
    }),
    "the function may not read them": access(without("Config")),
    "the function may read all parameters": access(changing("Config", () => ({ Resource: ["*"] }))),
    "the function may read all below the path": access(
      changing("Config", ({ Resource = [] }) => ({ Resource: [String(Resource[0]).replace(/[\w-]+$/, "*")] })),
    ),
    "the function may read one of them": access(
      changing("Config", ({ Resource = [] }) => ({ Resource: Resource.slice(0, 1) })),
    ),
    "the function may read another region's": access(
      changing("Config", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replace(/us-east-\d/, "eu-west-1")),
      })),
    ),
    "the function may read another account's": access(
      changing("Config", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replace(/\d{12}/, "999999999999")),
      })),
    ),
    "the function may change them": access(
      changing("Config", ({ Action = [] }) => ({ Action: [...Action, "ssm:PutParameter"] })),
    ),
    "the function may do anything with them": access(changing("Config", () => ({ Action: ["ssm:*"] }))),
    "the function may read them under a condition": access(
      changing("Config", () => ({ Condition: { StringEquals: { "aws:PrincipalTag/none": "none" } } })),
    ),
    "the function is denied them": access(
      adding({ Effect: "Deny", Action: "ssm:GetParameter*", Resource: "*" }),
      "work_Role_basic",
    ),
    "the function is denied what isn't something": access(
      adding({ Effect: "Deny", NotAction: ["logs:*"], Resource: "*" }),
      "work_Role_basic",
    ),
    "the function may read a parameter by a second statement": access(
      adding({ Action: ["ssm:GetParameter"], Resource: ["arn:aws:ssm:us-east-1:111111111111:parameter/tap/*"] }),
    ),
    "another function may read parameters": access(
      adding({ Action: ["ssm:GetParametersByPath"], Resource: ["*"] }),
      "follow_Role_data-access",
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
