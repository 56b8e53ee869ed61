import { DataAwsApiGatewayApiKey } from "@cdktf/provider-aws/lib/data-aws-api-gateway-api-key";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { App } from "cdktf";
import { loadEnvironments } from "../../config/load";
import { AccountRole } from "../../constructs/account-role";
import { EncryptedBucket } from "../../constructs/encrypted-bucket";
import { TapStack } from "../../constructs/tap-stack";
import { temporaryFolder } from "../support/project";
import { backend, environmentNames } from "../support/synthesized";

class ExampleStack extends TapStack {
  constructor(app: App, environmentSuffix: string, region?: string) {
    const [environment] = loadEnvironments({ environmentSuffix });
    if (environment === undefined) throw new Error(`There is no ${environmentSuffix}`);
    super(
      app,
      { environment, region: region ?? environment.region, backend, functionBundles: {} },
      { component: "records" },
    );
  }
}

const newApp = () => new App({ outdir: temporaryFolder() });
const jsonOf = (stack: TapStack) => stack.toTerraform();

describe.each(environmentNames)("PLAT-01 in %s", (suffix) => {
  test("a stack that adds nothing has backend, provider, tags and a name of its own", () => {
    const stack = new ExampleStack(newApp(), suffix);
    const { environment, region } = stack;
    expect(stack.node.id).toBe(`tap-records-${suffix}-${region}`);
    expect(stack.nameOf("table")).toBe(`tap-records-${suffix}-${region}`);
    expect(stack.arnOf("sqs", "queue")).toBe(`arn:aws:sqs:${region}:${environment.accountId}:queue`);
    const json = jsonOf(stack);
    expect(json.terraform.required_version).toBe(">= 1.10");
    expect(json.terraform.backend.s3).toEqual({
      bucket: `tap-state-${environment.accountId}-${environment.account.region}`,
      key: stack.node.id,
      region: environment.account.region,
      ...backend,
    });
    expect(json.provider.aws[0]).toMatchObject({ region, allowed_account_ids: [environment.accountId] });
    expect(json.provider.aws[0].default_tags[0].tags).toMatchObject({
      Environment: suffix,
      Region: region,
      Component: "records",
    });
  });

  test("PLAT-17 outputs are Terraform outputs and SSM parameters, and another stack reads them by component and key", () => {
    const stack = new ExampleStack(newApp(), suffix);
    stack.addOutputs({
      table_name: { description: "Table", value: "t" },
      table_arns: { description: "Tables", value: ["a", "b"] },
    });
    const read = stack.outputOf("network", "vpc_id");
    new KmsKey(stack, "Key", { description: read });
    const json = jsonOf(stack);
    expect(json.output).toEqual({
      table_name: { description: "Table", value: "t" },
      table_arns: { description: "Tables", value: ["a", "b"] },
    });
    expect(json.resource.aws_ssm_parameter.output_table_name).toMatchObject({
      name: `/tap/${suffix}/records/table_name`,
      type: "String",
      insecure_value: "t",
    });
    expect(json.resource.aws_ssm_parameter.output_table_arns).toMatchObject({
      name: `/tap/${suffix}/records/table_arns`,
      type: "StringList",
    });
    expect(json.data.aws_ssm_parameter.network_vpc_id).toMatchObject({ name: `/tap/${suffix}/network/vpc_id` });
    expect(json.resource.aws_kms_key.Key.description).toBe("${data.aws_ssm_parameter.network_vpc_id.insecure_value}");
  });

  test("PLAT-15 a resource with a region of its own is tagged with that one, and keeps its tags", () => {
    const app = newApp();
    const stack = new ExampleStack(app, suffix);
    new KmsKey(stack, "Here", { tags: { Name: "here" } });
    new KmsKey(stack, "There", { region: "us-west-2", tags: { Name: "there" } });
    new DataAwsApiGatewayApiKey(stack, "Read", { id: "abcdefghij", region: "us-west-2" });
    app.synth();
    const keys = jsonOf(stack).resource.aws_kms_key;
    expect(keys.Here.tags).toEqual({ Name: "here" });
    expect(keys.There.tags).toEqual({ Name: "there", Region: "us-west-2" });
    expect(jsonOf(stack).data.aws_api_gateway_api_key.Read.tags).toBeUndefined();
  });
});

test("the same output read twice is one data source", () => {
  const stack = new ExampleStack(newApp(), "dev");
  new KmsKey(stack, "One", { description: stack.outputOf("network", "vpc_id") });
  new KmsKey(stack, "Other", { description: stack.outputOf("network", "vpc_id") });
  expect(Object.keys(jsonOf(stack).data.aws_ssm_parameter)).toEqual(["network_vpc_id"]);
});

test("PLAT-17 an output of another region is read there, beside the own region's", () => {
  const stack = new ExampleStack(newApp(), "dev");
  for (const region of ["us-east-1", "us-west-2"])
    new KmsKey(stack, region, { description: stack.outputOf("network", "vpc_id", region) });
  const { data, resource } = jsonOf(stack);
  expect(data.aws_ssm_parameter).toMatchObject({
    network_vpc_id: { name: "/tap/dev/network/vpc_id" },
    "network_vpc_id_us-west-2": { name: "/tap/dev/network/vpc_id", region: "us-west-2" },
  });
  expect(data.aws_ssm_parameter.network_vpc_id).not.toHaveProperty("region");
  expect(resource.aws_kms_key["us-west-2"].description).toBe(
    "${data.aws_ssm_parameter.network_vpc_id_us-west-2.insecure_value}",
  );
});

test.each(["VpcId", "vpc-id", "", "1st"])("PLAT-17 the key %j is refused", (key) => {
  const stack = new ExampleStack(newApp(), "dev");
  expect(() => stack.addOutputs({ [key]: { description: "x", value: "x" } })).toThrow(/snake_case.*given/);
});

test("a managed policy that IAM would refuse for its length is refused here", () => {
  const resources = Array.from({ length: 200 }, (_, index) => `arn:aws:s3:::tap-bucket-with-a-long-name-${index}/*`);
  const big = [{ sid: "Big", actions: ["s3:GetObject"], resources }];
  const props = { resource: "deploy", description: "Deploys", boundaryArn: "arn", trust: "{}", policies: { big } };
  expect(() => new AccountRole(new ExampleStack(newApp(), "dev"), "Role", props)).toThrow(
    /"deploy-big" may have 6144 characters \(given \d+\)/,
  );
});

test.each([0, -1, 1.5])("a bucket that would keep old versions for %p days is refused", (days) => {
  const stack = new ExampleStack(newApp(), "dev");
  expect(() => new EncryptedBucket(stack, "Bucket", { resource: "b", noncurrentVersionExpirationDays: days })).toThrow(
    /noncurrentVersionExpirationDays.*given/,
  );
});
