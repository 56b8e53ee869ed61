import { fil04 } from "../../../../tap/audit/requirements/fil-04";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  aloneWith,
  files,
  filesPolicy,
  filesResource,
  filesSetting,
  filesVariables,
  filesWith,
  filesWithout,
} from "./files-mutations";
import { add, adding, allowing, changing, jobs, network, rewrite, type Statement, without } from "./mutations";

const policy = "aws_iam_role_policy";
const parameter = "aws_ssm_parameter";
const anyModel = "arn:aws:bedrock:*::foundation-model/*";

/** Gives the role of a function a right. */
const may = (name: string, action: string, resource: string) =>
  filesPolicy(policy, `${name}_Role_data`, allowing(action, [resource]));

const endpoints = (stack: StackJson) =>
  Object.entries(stack.json.resource?.aws_vpc_endpoint ?? {}).filter(([, { service_name }]) =>
    String(service_name).endsWith(".bedrock-runtime"),
  );

const options = aloneWith(["files", "jobs", "network"]);

prove(
  fil04,
  {
    "documents may be read by any model": may("document", "bedrock:InvokeModel", anyModel),
    "images may be labelled by any model": may("image", "bedrock:InvokeModel", anyModel),
    "a model is asked past its profile": may(
      "image",
      "bedrock:InvokeModel",
      "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    ),
    "another profile is asked": may(
      "image",
      "bedrock:InvokeModel",
      "arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
    ),
    "models answer in pieces": may("image", "bedrock:InvokeModelWithResponseStream", anyModel),
    "models may be bought": may("document", "bedrock:*", "*"),
    "a wildcard has Bedrock too": may("document", "*", "*"),
    "all but something may be done": filesPolicy(
      policy,
      "image_Role_data",
      adding({ NotAction: ["iam:*"], Resource: ["*"] }),
    ),
    "data may be read by a model": may("data", "bedrock:InvokeModel", anyModel),
    "the catalog may ask a model": may("catalog", "bedrock:InvokeModel", anyModel),
    "the jobs may ask a model": jobs((stack) =>
      rewrite(resource(stack, policy, "work_Role_data"), "policy", allowing("bedrock:InvokeModel", [anyModel])),
    ),
    "a function is told of a model more": filesResource("aws_lambda_function", "image_Function", ({ environment }) => {
      const { variables } = environment as { variables: Record<string, unknown> };
      variables.MODEL_IDS = `${variables.MODEL_IDS},us.amazon.nova-pro-v1:0`;
    }),
    "a function isn't told of models": filesVariables("document", { MODEL_IDS: undefined }),
    "data are told of models": filesVariables("data", { MODEL_IDS: "" }),
    "a model is selected from the beginning": filesSetting(parameter, "Config_model", {
      insecure_value: "us.amazon.nova-lite-v1:0",
    }),
    "each apply takes the model away": filesSetting(parameter, "Config_model", { lifecycle: undefined }),
    "nobody can select a model": filesWithout(parameter, "Config_model"),
    "the setting has another name": filesSetting(parameter, "Config_model", { name: "/tap/dev/files/config/llm" }),
    "images have no function": filesWithout("aws_lambda_function", "image_Function"),
    "Bedrock's other endpoint is there": network((stack) =>
      add(stack, "aws_vpc_endpoint", { service_name: `com.amazonaws.${stack.region}.bedrock` }),
    ),
    "Bedrock's endpoint is there as nobody has it": network((stack) => {
      const found = endpoints(stack);
      for (const [name] of found) delete stack.json.resource?.aws_vpc_endpoint?.[name];
      if (found.length === 0)
        add(stack, "aws_vpc_endpoint", { service_name: `com.amazonaws.${stack.region}.bedrock-runtime` });
    }),
    "there are no files": files((stack) => {
      Object.assign(stack, { component: "jobs" });
    }),
  },
  options,
);

/** Changes the statements about the models of one of the functions. */
const statement = (sid: string, change: (own: Statement) => Readonly<Record<string, unknown>>): Mutation =>
  filesPolicy(policy, "image_Role_data", changing(sid, change));

const profile = "InvokeProfiles";
const model = "InvokeModel1";

/** Where models are allowed. */
prove(
  fil04,
  {
    "the profile may not be asked": filesPolicy(policy, "image_Role_data", without(profile)),
    "the model may not be asked": filesPolicy(policy, "image_Role_data", without(model)),
    "the model may be asked in no other region": statement(model, ({ Resource = [] }) => ({
      Resource: Resource.slice(0, 1),
    })),
    "the model may be asked in any region": statement(model, ({ Resource = [] }) => ({
      Resource: [String(Resource[0]).replace("us-east-1", "*")],
    })),
    "the model may be asked by itself": statement(model, () => ({ Condition: undefined })),
    "the model may be asked through any profile": statement(model, () => ({
      Condition: { StringLike: { "bedrock:InferenceProfileArn": "*" } },
    })),
    "the model may be asked through another account's profile": statement(model, ({ Condition }) => ({
      Condition: JSON.parse(JSON.stringify(Condition).replace(/\d{12}/, "999999999999")),
    })),
    "the profile is another account's": statement(profile, ({ Resource = [] }) => ({
      Resource: [String(Resource[0]).replace(/\d{12}/, "999999999999")],
    })),
    "the profile is any": statement(profile, ({ Resource = [] }) => ({
      Resource: [String(Resource[0]).replace(/\/.*/, "/*")],
    })),
    "the profile may be changed": statement(profile, ({ Action = [] }) => ({
      Action: [...Action, "bedrock:DeleteInferenceProfile"],
    })),
    "the profile is denied": filesPolicy(
      policy,
      "image_Role_data",
      adding({ Effect: "Deny", Action: ["bedrock:*"], Resource: ["*"] }),
    ),
    "documents are told of no model": filesVariables("document", { MODEL_IDS: "" }),
    "a second policy has the same rights": filesWith(policy, (stack) => ({
      ...resource(stack, policy, "image_Role_data"),
      role: resource(stack, policy, "data_Role_data").role,
    })),
  },
  { ...options, environments: ["prod"] },
);
