import type { Attributes, TerraformJson } from "../../graph/terraform-json";

/** The provider of one account and region, for rules to which they matter. */
export const provider: NonNullable<TerraformJson["provider"]> = {
  aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }],
};

/** A function for examples of rules: what is given is the one thing about it, with other resources beside it. */
export function worker(attributes: Attributes = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_lambda_function: {
        Worker: {
          function_name: "worker",
          role: "arn:aws:iam::111111111111:role/worker",
          runtime: "nodejs24.x",
          handler: "index.handler",
          filename: "worker.zip",
          ...attributes,
        },
      },
      ...others,
    },
  };
}
