import { rmSync } from "node:fs";
import { dev } from "../../../../config/dev";
import { loadEnvironments } from "../../../../config/load";
import { prod } from "../../../../config/prod";
import { staging } from "../../../../config/staging";
import { toSubject } from "../../../../tap/audit/requirement";
import { requirements } from "../../../../tap/audit/requirements";
import { api02 } from "../../../../tap/audit/requirements/api-02";
import { readStacks } from "../../../../tap/audit/stack-json";
import { copyProject, tap, temporaryFolder } from "../../../support/project";
import { prove } from "../../../support/prove";
import { backend, provider, resource, stackOf } from "../../../support/synthesized";
import { api, apiSetting, apiText, apiWithout } from "./api-mutations";
import { add } from "./mutations";

prove(
  api02,
  {
    "the second region has no API": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "api", "us-west-2")), 1);
    },
    "no region has an API": (subject, environment) => {
      const others = subject.stacks.filter(
        (stack) => stack.component !== "api" || stack.environmentSuffix !== environment,
      );
      subject.stacks.splice(0, subject.stacks.length, ...others);
    },
    "a region has two": (subject, environment) => {
      subject.stacks.push(stackOf(subject, environment, "api", "us-west-2"));
    },
    "a region that isn't the environment's has one": (subject, environment) => {
      const stack = structuredClone(stackOf(subject, environment, "api", "us-west-2"));
      subject.stacks.push({ ...stack, id: stack.id.replace("us-west-2", "eu-west-1"), region: "eu-west-1" });
    },
    "the second region's API is made in the first": api((stack) => {
      provider(stack).region = "us-east-1";
    }),
    "the second region's API has a second provider": api((stack) => {
      stack.json.provider?.aws?.push({ alias: "other", region: "us-east-1" });
    }),
    "one thing is in another region": apiSetting("aws_dynamodb_table", "Items", { region: "us-east-1" }),
    "one thing is another provider's": apiSetting("aws_dynamodb_table", "Items", { provider: "aws.other" }),
    "the second region has no web ACL": apiWithout("aws_wafv2_web_acl_association", "WebAcl"),
    "the second region has a thing more": api((stack) => add(stack, "aws_sqs_queue", { name: "tap-api-other" })),
    "the second region's function is smaller": apiSetting("aws_lambda_function", "items", { memory_size: 128 }),
    "the second region's function uses the first one's table": api((stack) => {
      const { variables } = resource(stack, "aws_lambda_function", "items").environment as {
        variables: Record<string, string>;
      };
      variables.TABLE_NAME = String(variables.TABLE_NAME).replace("us-west-2", "us-east-1");
    }),
    "the second region's function may write to the first one's table": apiText(
      "aws_iam_role_policy",
      "items_Role_data-access",
      "policy",
      ":us-west-2:",
      ":us-east-1:",
    ),
    "the second region publishes to itself": apiText(
      "aws_sns_topic_subscription",
      "Changes",
      "endpoint",
      /us-east-\d/g,
      "us-west-2",
    ),
    "the second region's key has a value without a domain": apiSetting("aws_api_gateway_api_key", "Key-web", {
      value: "0123456789abcdefghij",
    }),
    "the second region has another output": api((stack) => {
      delete stack.json.output?.items_table_arn;
    }),
    "the second region reads another network": api((stack) => {
      const [read] = Object.values(stack.json.data?.aws_ssm_parameter ?? {});
      Object.assign(read ?? {}, { name: "/tap/other/network/vpc_id" });
    }),
  },
  { alone: true, without: ["files", "stream"] },
);

describe("API-02 a third region in dev's configuration alone", () => {
  const region = "eu-west-1";
  const settings = { cidrBlock: "10.2.0.0/16", zoneIds: ["euw1-az1", "euw1-az2", "euw1-az3"] };
  const copy = copyProject();
  const outdir = temporaryFolder();
  copy.replace("config/dev.ts", /^ {4}"us-west-2": .*$/m, `$&\n    "${region}": ${JSON.stringify(settings)},`);
  const { exitCode, stderr } = tap(["synth", "--outdir", outdir], { root: copy.root });
  const stacks = exitCode === 0 ? readStacks(outdir) : [];
  copy.remove();
  rmSync(outdir, { recursive: true, force: true });
  const sources = [{ ...dev, regions: { ...dev.regions, [region]: settings } }, staging, prod];
  const subject = toSubject({ stacks, environments: loadEnvironments({ sources }), backend });

  test("synthesizes", () => {
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
  });

  test("has all that a region has, there", () => {
    const of = (name: string) => stacks.filter((stack) => stack.environmentSuffix === "dev" && stack.region === name);
    expect(
      of(region)
        .map(({ component }) => component)
        .sort(),
    ).toEqual(
      of("us-west-2")
        .map(({ component }) => component)
        .sort(),
    );
    expect(of(region).map(({ component }) => component)).toContain("api");
  });

  test("is a peer of both others, and they of it", () => {
    const subscriptions = stacks
      .filter((stack) => stack.environmentSuffix === "dev" && stack.component === "api")
      .map(({ json, region: own }) => [
        own,
        Object.values(json.resource?.aws_sns_topic_subscription ?? {})
          .map(({ endpoint }) => String(endpoint).split(":")[3])
          .sort(),
      ]);
    expect(Object.fromEntries(subscriptions)).toEqual({
      "us-east-1": ["eu-west-1", "us-west-2"],
      "us-west-2": ["eu-west-1", "us-east-1"],
      "eu-west-1": ["us-east-1", "us-west-2"],
    });
  });

  test.each(requirements.map((requirement) => [requirement.id, requirement] as const))("holds %s", (_, requirement) => {
    expect(requirement.judge(subject)).toEqual([]);
  });
});
