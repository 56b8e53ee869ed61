import { api03 } from "../../../../tap/audit/requirements/api-03";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { api, apiSetting, apiText, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { adding, allowing, network, referenceTo, remove, rewrite } from "./mutations";

const jobs =
  (mutate: (stack: ReturnType<typeof stackOf>) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "jobs"));

const egress = (name: string, attributes: Record<string, unknown>) =>
  apiSetting("aws_vpc_security_group_egress_rule", name, attributes);

const group = "aws_security_group";

/** The function `items` may do this on that. */
const calling = (action: string, arn = "*") =>
  api((stack) =>
    rewrite(resource(stack, "aws_iam_role_policy", "items_Role_data-access"), "policy", allowing(action, [arn])),
  );

const withoutEndpoint = (name: string) =>
  network((stack) => {
    delete stack.json.resource?.aws_vpc_endpoint?.[name];
  });

prove(
  api03,
  {
    "a function is in no VPC": apiSetting("aws_lambda_function", "messages", { vpc_config: undefined }),
    "a function of the jobs is in no VPC": jobs((stack) => {
      delete resource(stack, "aws_lambda_function", "work").vpc_config;
    }),
    "a function's VPC is an empty list": apiSetting("aws_lambda_function", "health", { vpc_config: [] }),
    "a function is in subnets of somebody": apiWithin("aws_lambda_function", "items", "vpc_config.subnet_ids", [
      "subnet-0123456789abcdef0",
    ]),
    "a function is in one zone": api((stack) => {
      const config = resource(stack, "aws_lambda_function", "items").vpc_config as Record<string, unknown>;
      config.subnet_ids = String(config.subnet_ids).replace(/^\$\{(.+)\}$/, "$${slice($1, 0, 1)}");
    }),
    "a function's subnets are another parameter": api((stack) => {
      const reader = stack.json.data?.aws_ssm_parameter?.network_subnet_ids as Record<string, unknown>;
      reader.name = String(reader.name).replace("subnet_ids", "vpc_id");
    }),
    "a function's subnets are another environment's": api((stack) => {
      const reader = stack.json.data?.aws_ssm_parameter?.network_subnet_ids as Record<string, unknown>;
      reader.name = "/tap/other/network/subnet_ids";
    }),
    "a function's subnets are another region's": api((stack) => {
      const reader = stack.json.data?.aws_ssm_parameter?.network_subnet_ids as Record<string, unknown>;
      reader.region = "us-east-1";
    }),
    "the network gives out two of three subnets": network((stack) => {
      const output = resource(stack, "aws_ssm_parameter", "subnet_ids");
      output.insecure_value = String(output.insecure_value).replace(/, aws_subnet\.\w+\.id\]/, "]");
    }),
    "the network gives out another VPC": network((stack) => {
      resource(stack, "aws_ssm_parameter", "output_vpc_id").insecure_value = "vpc-0123456789abcdef0";
    }),
    "the network gives out the default group": network((stack) => {
      resource(stack, "aws_ssm_parameter", "endpoint_security_group_id").insecure_value =
        "${aws_default_security_group.DefaultSecurityGroup.id}";
    }),
    "a function has no group": apiWithin("aws_lambda_function", "items", "vpc_config.security_group_ids", []),
    "a function is in a further group": api((stack) => {
      const config = resource(stack, "aws_lambda_function", "items").vpc_config as Record<string, unknown>;
      config.security_group_ids = [...(config.security_group_ids as string[]), "sg-0123456789abcdef0"];
    }),
    "a function speaks IPv6": apiWithin("aws_lambda_function", "items", "vpc_config.ipv6_allowed_for_dual_stack", true),
    "the group is of another VPC": apiSetting(group, "Network", { vpc_id: "vpc-0123456789abcdef0" }),
    "the group has a way out of its own": apiSetting(group, "Network", {
      egress: [{ from_port: 443, to_port: 443, protocol: "tcp", cidr_blocks: ["0.0.0.0/0"] }],
    }),
    "the group lets somebody in": apiSetting(group, "Network", {
      ingress: { from_port: 443, to_port: 443, protocol: "tcp", cidr_blocks: ["10.0.0.0/8"] },
    }),
    "the group isn't made": apiSetting(group, "Network", { count: 0 }),
    "a rule lets somebody in": apiWith("aws_vpc_security_group_ingress_rule", (stack) => ({
      security_group_id: referenceTo(stack, group, "Network", "id"),
      ip_protocol: "-1",
      cidr_ipv4: "10.0.0.0/8",
    })),
    "an old rule leads out": apiWith("aws_security_group_rule", (stack) => ({
      security_group_id: referenceTo(stack, group, "Network", "id"),
      type: "egress",
      protocol: "tcp",
      from_port: 443,
      to_port: 443,
      cidr_blocks: ["0.0.0.0/0"],
    })),
    "a rule leads everywhere": apiWith("aws_vpc_security_group_egress_rule", (stack) => ({
      security_group_id: referenceTo(stack, group, "Network", "id"),
      ip_protocol: "tcp",
      from_port: 443,
      to_port: 443,
      cidr_ipv4: "0.0.0.0/0",
    })),
    "a rule is of a group that nobody knows": apiWith("aws_vpc_security_group_egress_rule", {
      security_group_id: "sg-0123456789abcdef0",
      ip_protocol: "tcp",
      from_port: 443,
      to_port: 443,
      cidr_ipv4: "0.0.0.0/0",
    }),
    "a rule of the jobs leads everywhere": jobs((stack) => {
      const rule = resource(stack, "aws_vpc_security_group_egress_rule", "ToS3");
      delete rule.prefix_list_id;
      rule.cidr_ipv4 = "0.0.0.0/0";
    }),
    "a rule leads everywhere as well": egress("ToS3", { cidr_ipv4: "0.0.0.0/0" }),
    "a rule leads everywhere by IPv6": egress("ToEndpoints", { cidr_ipv6: "::/0" }),
    "a rule is for all ports": egress("ToEndpoints", { ip_protocol: "-1", from_port: undefined, to_port: undefined }),
    "a rule is for many ports": egress("ToEndpoints", { from_port: 0 }),
    "a rule is for UDP": egress("ToDynamodb", { ip_protocol: "udp" }),
    "nothing leads to S3": apiWithout("aws_vpc_security_group_egress_rule", "ToS3"),
    "both gateways' rules lead to S3": apiText(
      "aws_vpc_security_group_egress_rule",
      "ToDynamodb",
      "prefix_list_id",
      "dynamodb_prefix",
      "s3_prefix",
    ),
    "a rule leads to a prefix list of somebody": egress("ToS3", { prefix_list_id: "pl-0123456789abcdef0" }),
    "a rule leads to the function's own group": api((stack) => {
      resource(stack, "aws_vpc_security_group_egress_rule", "ToEndpoints").referenced_security_group_id = referenceTo(
        stack,
        group,
        "Network",
        "id",
      );
    }),
    ...Object.fromEntries(
      ["kms", "sns", "sqs", "xray"].map((service) => [
        `there is no endpoint of ${service}`,
        withoutEndpoint(`InterfaceEndpoint-${service}`),
      ]),
    ),
    "there is no endpoint of DynamoDB": withoutEndpoint("GatewayEndpoint-dynamodb"),
    "the endpoint of SNS is another region's": network((stack) => {
      resource(stack, "aws_vpc_endpoint", "InterfaceEndpoint-sns").service_name = "com.amazonaws.us-east-1.sns";
    }),
    "an endpoint is in a group of its own": network((stack) => {
      resource(stack, "aws_vpc_endpoint", "InterfaceEndpoint-sqs").security_group_ids = [
        "${aws_default_security_group.DefaultSecurityGroup.id}",
      ];
    }),
    "a function calls what has no endpoint": calling("states:StartExecution"),
    "a function calls what nobody has heard of": calling("polly:SynthesizeSpeech"),
    "a function of the jobs calls what has no endpoint": jobs((stack) =>
      rewrite(
        resource(stack, "aws_iam_role_policy", "work_Role_data-access"),
        "policy",
        allowing("states:Start", ["*"]),
      ),
    ),
    "a function may use another region's topic": calling("sns:Publish", "arn:aws:sns:us-east-1:111111111111:tap-api-x"),
    "a function may use every region's topics": calling("sns:Publish", "arn:aws:sns:*:111111111111:tap-api-x"),
    "a function calls KMS of another region through a service": api((stack) =>
      rewrite(
        resource(stack, "aws_iam_role_policy", "items_Role_data-access"),
        "policy",
        adding({
          Action: ["kms:Decrypt"],
          Resource: ["arn:aws:kms:us-east-1:111111111111:key/x"],
          Condition: { StringEquals: { "kms:ViaService": "dynamodb.us-east-1.amazonaws.com" } },
        }),
      ),
    ),
    "the role has no policies": api((stack) => {
      remove(stack, "aws_iam_role_policy", "items_Role_data-access");
      remove(stack, "aws_iam_role_policy", "items_Role_basic-execution");
    }),
    "the network is gone": ({ stacks }, environment) => {
      const isNetwork = ({ component, environmentSuffix, region }: (typeof stacks)[number]) =>
        component === "network" && environmentSuffix === environment && region === "us-west-2";
      stacks.splice(stacks.findIndex(isNetwork), 1);
    },
    "there are no jobs": ({ stacks }, environment) => {
      const isJobs = ({ component, environmentSuffix }: (typeof stacks)[number]) =>
        component === "jobs" && environmentSuffix === environment;
      stacks.splice(stacks.findIndex(isJobs), 1);
    },
  },
  { alone: true, without: ["files", "stream"] },
);
