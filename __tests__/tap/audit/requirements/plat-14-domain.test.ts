import { toSubject } from "../../../../tap/audit/requirement";
import { requirements } from "../../../../tap/audit/requirements";
import { api01 } from "../../../../tap/audit/requirements/api-01";
import { api02 } from "../../../../tap/audit/requirements/api-02";
import { api08 } from "../../../../tap/audit/requirements/api-08";
import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import { plat14 } from "../../../../tap/audit/requirements/plat-14";
import { plat17 } from "../../../../tap/audit/requirements/plat-17";
import { sec04 } from "../../../../tap/audit/requirements/sec-04";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, type ProofOptions, prove } from "../../../support/prove";
import { copied, environmentNames, only, resource, stackOf, subjectOf } from "../../../support/synthesized";
import { synthesizeWithDomains } from "../../../support/with-domains";
import { api, apiResource, apiSetting, apiText, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { adding, changing, nameOf, policy, putOut, referenceTo } from "./mutations";

const { subject: withDomains, remove } = synthesizeWithDomains();
remove();

const options: ProofOptions = {
  environments: ["dev", "prod"],
  alone: true,
  synthesized: (environment, { alone = false }) => copied(alone ? only(withDomains, environment) : withDomains),
};

test.each(requirements.map((requirement) => [requirement.id, requirement] as const))(
  "%s holds where APIs have domains",
  (_, requirement) => {
    expect(requirement.judge(toSubject(withDomains))).toEqual([]);
  },
);

test("PLAT-14 one name leads to both regions, by latency, each with a health check of its own", () => {
  const records = ["us-east-1", "us-west-2"].map((region) => {
    const { json } = stackOf(withDomains, "prod", "api", region);
    return Object.values(json.resource?.aws_route53_record ?? {}).filter(({ alias }) => alias !== undefined);
  });
  expect(records.flat()).toMatchObject([
    { type: "A", zone_id: "Z2PROD", set_identifier: "us-east-1", latency_routing_policy: { region: "us-east-1" } },
    { type: "A", zone_id: "Z2PROD", set_identifier: "us-west-2", latency_routing_policy: { region: "us-west-2" } },
  ]);
});

const record = "Domain_Record";
const proof = "Domain_ValidationRecord";

const certificate: Record<string, Mutation> = {
  "the certificate is for another name": apiSetting("aws_acm_certificate", "Domain", { domain_name: "example.org" }),
  "the certificate has further names": apiSetting("aws_acm_certificate", "Domain", {
    subject_alternative_names: ["example.org"],
  }),
  "the certificate is validated by mail": apiSetting("aws_acm_certificate", "Domain", { validation_method: "EMAIL" }),
  "the certificate is in another region": apiSetting("aws_acm_certificate", "Domain", { region: "us-east-1" }),
  "the certificate can't be replaced while it is in use": apiSetting("aws_acm_certificate", "Domain", {
    lifecycle: undefined,
  }),
  "the certificate is validated by a record of another zone": apiSetting("aws_route53_record", proof, {
    zone_id: "Z3OTHER",
  }),
  "the second region can't prove its certificate by the first one's record": apiSetting("aws_route53_record", proof, {
    allow_overwrite: false,
  }),
  "the record proves nothing": apiSetting("aws_route53_record", proof, { records: ["example.org"] }),
  "no certificate is waited for": apiWithout("aws_acm_certificate_validation", "Domain"),
  "another certificate is waited for": apiSetting("aws_acm_certificate_validation", "Domain", {
    certificate_arn: "arn:aws:acm:us-west-2:333333333333:certificate/other",
  }),
};

const domainName: Record<string, Mutation> = {
  "the name is another": apiSetting("aws_api_gateway_domain_name", "Domain", { domain_name: "api.example.org" }),
  "the name takes TLS 1.0": apiSetting("aws_api_gateway_domain_name", "Domain", { security_policy: "TLS_1_0" }),
  "the name is edge-optimized": apiWithin("aws_api_gateway_domain_name", "Domain", "endpoint_configuration", {
    types: ["EDGE"],
  }),
  "the name has a certificate that may not be issued yet": apiResource(
    "aws_api_gateway_domain_name",
    "Domain",
    (attributes) => {
      attributes.regional_certificate_arn = String(attributes.regional_certificate_arn)
        .replace("aws_acm_certificate_validation", "aws_acm_certificate")
        .replace("Validation", "Certificate");
    },
  ),
  "the name leads nowhere": apiWithout("aws_api_gateway_base_path_mapping", "Domain"),
  "the name leads to another API": apiSetting("aws_api_gateway_base_path_mapping", "Domain", { api_id: "abcdefghij" }),
  "the name leads to another stage": apiSetting("aws_api_gateway_base_path_mapping", "Domain", { stage_name: "test" }),
  "the name is mapped before the stage is there": apiSetting("aws_api_gateway_base_path_mapping", "Domain", {
    stage_name: "live",
  }),
  "the API is below a path": apiSetting("aws_api_gateway_base_path_mapping", "Domain", { base_path: "v1" }),
  "the name is put out as none": api((stack) => {
    (stack.json.output?.domain_name as Attributes).value = "none";
  }),
};

const healthCheck: Record<string, Mutation> = {
  "health is asked for of the common name": apiSetting("aws_route53_health_check", "Domain", {
    fqdn: "api.example.com",
  }),
  "health is asked for of the other region": apiText(
    "aws_route53_health_check",
    "Domain",
    "fqdn",
    "us-west-2",
    "us-east-1",
  ),
  "health is asked for in the clear": apiSetting("aws_route53_health_check", "Domain", { type: "HTTP", port: 80 }),
  "any answer is health": apiSetting("aws_route53_health_check", "Domain", {
    type: "HTTPS",
    search_string: undefined,
  }),
  "health is a word that is always there": apiSetting("aws_route53_health_check", "Domain", {
    search_string: "status",
  }),
  "another path is asked for": apiText("aws_route53_health_check", "Domain", "resource_path", "/health", "/items"),
  "a region is out after ten failures": apiSetting("aws_route53_health_check", "Domain", { failure_threshold: 10 }),
  "what is sick counts as well": apiSetting("aws_route53_health_check", "Domain", { invert_healthcheck: true }),
  "the check is switched off": apiSetting("aws_route53_health_check", "Domain", { disabled: true }),
  "Route 53 can't ask: the API answers at its domain alone": apiSetting("aws_api_gateway_rest_api", "RestApi", {
    disable_execute_api_endpoint: true,
  }),
  "Route 53 can't ask: health takes a key": api((stack) => {
    const methods = Object.values(stack.json.resource?.aws_api_gateway_method ?? {});
    const [health] = methods.filter(({ operation_name }) => operation_name === "getHealth");
    (health as Attributes).api_key_required = true;
  }),
};

const routing: Record<string, Mutation> = {
  "the record has no health check": apiSetting("aws_route53_record", record, { health_check_id: undefined }),
  "the record has another health check": apiSetting("aws_route53_record", record, { health_check_id: "other" }),
  "the record is of another zone": apiSetting("aws_route53_record", record, { zone_id: "Z3OTHER" }),
  "the record is of another name": apiSetting("aws_route53_record", record, { name: "api.example.org" }),
  "the record leads to the other region's callers": apiSetting("aws_route53_record", record, {
    latency_routing_policy: { region: "us-east-1" },
  }),
  "both regions have one set identifier": apiSetting("aws_route53_record", record, { set_identifier: "us-east-1" }),
  "the second region waits for the first one to fail": apiSetting("aws_route53_record", record, {
    latency_routing_policy: undefined,
    failover_routing_policy: { type: "SECONDARY" },
  }),
  "the record leads elsewhere": apiWithin("aws_route53_record", record, "alias.name", "d-abc.execute-api.example.org"),
  "the record outlives API Gateway": apiWithin("aws_route53_record", record, "alias.evaluate_target_health", false),
  "callers come before the API": apiSetting("aws_route53_record", record, { depends_on: undefined }),
  "the second region has no record": apiWithout("aws_route53_record", record),
  "the second region has a record more": apiWith("aws_route53_record", (stack) => ({
    zone_id: "Z2PROD",
    name: referenceTo(stack, "aws_api_gateway_domain_name", "Domain", "domain_name"),
    type: "AAAA",
  })),
  "the second region has no API": (subject, environment) => {
    subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "api", "us-west-2")), 1);
  },
  "another stack names something": (subject, environment) => {
    const { json } = stackOf(subject, environment, "network", "us-west-2");
    json.resource = { ...json.resource, aws_route53_record: { Added: { name: "api.example.com" } } };
  },
};

/** A mutation of the attributes of what the second region's API reads of a client's key. */
const reading = (type: string, part: string, attributes: Attributes): Mutation =>
  api((stack) => {
    const found = Object.entries(stack.json.data?.[type] ?? {}).filter(([name]) => name.includes(part));
    expect(found).toHaveLength(1);
    for (const [, own] of found)
      for (const [attribute, value] of Object.entries(attributes))
        if (value === undefined) delete own[attribute];
        else own[attribute] = value;
  });

const primaryKey =
  (attributes: Attributes): Mutation =>
  (subject, environment) => {
    Object.assign(
      resource(stackOf(subject, environment, "api", "us-east-1"), "aws_api_gateway_api_key", "Key-web"),
      attributes,
    );
  };

const readKey = (stack: StackJson) => {
  const [name] = Object.keys(stack.json.data?.aws_api_gateway_api_key ?? {});
  return `data.aws_api_gateway_api_key.${name}`;
};

const keys: Record<string, Mutation> = {
  "the second region makes a key of its own": apiSetting("aws_api_gateway_api_key", "Key-web", { value: undefined }),
  "a key's value is written down": apiSetting("aws_api_gateway_api_key", "Key-web", { value: "0123456789abcdefghij" }),
  "a key has another client's value": apiText("aws_api_gateway_api_key", "Key-web", "value", /Elsewhere-web_\w+/, "x"),
  "two clients have one value": api((stack) => {
    const { value } = resource(stack, "aws_api_gateway_api_key", "Key-name");
    resource(stack, "aws_api_gateway_api_key", "Key-web").value = value;
  }),
  "a key has the id of the first one for a value": apiText(
    "aws_api_gateway_api_key",
    "Key-web",
    "value",
    /\.value\}$/,
    ".id}",
  ),
  "the id of a key is the own region's": reading("aws_ssm_parameter", "api_key_id_web", { region: undefined }),
  "the id of a key is another client's": reading("aws_ssm_parameter", "api_key_id_web", {
    name: "/tap/prod/api/api_key_id_other",
  }),
  "the id of a key is read nowhere": reading("aws_ssm_parameter", "api_key_id_web", { count: 0 }),
  "a key is looked up in the own region": reading("aws_api_gateway_api_key", "KeyElsewhere-web", {
    region: undefined,
  }),
  "a key is looked up by another id": reading("aws_api_gateway_api_key", "KeyElsewhere-web", { id: "abcdefghij" }),
  "a key is looked up nowhere": reading("aws_api_gateway_api_key", "KeyElsewhere-web", { count: 0 }),
  "another key is read as well": api((stack) => {
    stack.json.data = {
      ...stack.json.data,
      aws_api_gateway_api_key: { ...stack.json.data?.aws_api_gateway_api_key, Added: { id: "abcdefghij" } },
    };
  }),
  "the first region's key has a value of its own": primaryKey({ value: "0123456789abcdefghij" }),
  "the second region lacks a client's key": apiWithout("aws_api_gateway_api_key", "Key-web"),
  "the first region puts out the id of another key": (subject, environment) => {
    const { json } = stackOf(subject, environment, "api", "us-east-1");
    (json.output?.api_key_id_web as Attributes).value = json.output?.api_key_id_name?.value;
  },
};

prove(plat14, { ...certificate, ...domainName, ...healthCheck, ...routing, ...keys }, options);

test("PLAT-14 the second region's keys have the values of the first one's", () => {
  const keyIn = (region: string) =>
    resource(stackOf(withDomains, "prod", "api", region), "aws_api_gateway_api_key", "Key-web");
  expect(keyIn("us-east-1").value).toBeUndefined();
  const { data = {} } = stackOf(withDomains, "prod", "api", "us-west-2").json;
  const [[name, read] = []] = Object.entries(data.aws_api_gateway_api_key ?? {}).filter(([id]) => id.includes("-web"));
  expect(keyIn("us-west-2").value).toBe(`\${data.aws_api_gateway_api_key.${name}.value}`);
  expect(read).toMatchObject({
    region: "us-east-1",
    id: "${data.aws_ssm_parameter.api_api_key_id_web_us-east-1.insecure_value}",
  });
  expect(data.aws_ssm_parameter?.["api_api_key_id_web_us-east-1"]).toMatchObject({
    region: "us-east-1",
    name: "/tap/prod/api/api_key_id_web",
  });
});

// A key's value is in keys, and in nothing that others read.
prove(
  sec04,
  {
    "a key's value is written down": apiSetting("aws_api_gateway_api_key", "Key-web", {
      value: "0123456789abcdefghij",
    }),
    "the second region's key is put out": api((stack) => {
      (stack.json.output?.api_key_id_web as Attributes).value = referenceTo(
        stack,
        "aws_api_gateway_api_key",
        "Key-web",
        "value",
      );
    }),
    "the first region's key is put out": api((stack) => {
      stack.json.output = { ...stack.json.output, key: { value: `\${${readKey(stack)}.value}` } };
    }),
    "all about a key is put out": api((stack) => {
      stack.json.output = { ...stack.json.output, key: { value: `\${jsonencode(${readKey(stack)})}` } };
    }),
    "a key's value is passed on": api((stack) => {
      stack.json.locals = { key: `\${${readKey(stack)}["value"]}` };
    }),
    "the first region reads a key": (subject, environment) => {
      stackOf(subject, environment, "api", "us-east-1").json.data = {
        aws_api_gateway_api_key: { Added: { id: "abcdefghij" } },
      };
    },
    "the second region's network reads a key": (subject, environment) => {
      stackOf(subject, environment, "network", "us-west-2").json.data = {
        aws_api_gateway_api_key: { Added: { id: "abcdefghij" } },
      };
    },
  },
  options,
);

// The regions are alike but for whose values they are.
prove(
  api02,
  {
    "the second region's keys are switched off": apiSetting("aws_api_gateway_api_key", "Key-web", { enabled: false }),
    "the first region reads a key": (subject, environment) => {
      const { json } = stackOf(subject, environment, "api", "us-east-1");
      json.data = { ...json.data, aws_api_gateway_api_key: { Added: { id: "abcdefghij" } } };
    },
    "the second region reads something else of the first": api((stack) => {
      const [read] = Object.values(stack.json.data?.aws_ssm_parameter ?? {}).filter(
        ({ region }) => region === undefined,
      );
      Object.assign(read ?? {}, { region: "us-east-1" });
    }),
  },
  options,
);

prove(
  plat17,
  {
    "an API puts out the key of no client": api((stack) => putOut(stack, "api_key_id_other")),
    "another component puts out keys": (subject, environment) =>
      putOut(stackOf(subject, environment, "network", "us-west-2"), "api_key_id_web"),
  },
  { ...options, alone: false },
);

const added = (type: string) => apiWith(type, {});

// Where no domain is configured, nothing of it is there.
prove(
  plat14,
  {
    "there is a certificate without a domain": added("aws_acm_certificate"),
    "there is a record without a domain": added("aws_route53_record"),
    "there is a health check without a domain": added("aws_route53_health_check"),
    "there is a name without a domain": added("aws_api_gateway_domain_name"),
    "there is a name of an HTTP API": added("aws_apigatewayv2_domain_name"),
    "the domain that there isn't is put out": api((stack) => {
      (stack.json.output?.domain_name as Attributes).value = "api.example.com";
    }),
  },
  { environments: environmentNames, alone: true, synthesized: subjectOf },
);

type Change = Parameters<typeof policy>[3];
const deploy = (change: Change) => policy("aws_iam_policy", "DeployRole_Policy-apis", "policy", change);
const plan = (change: Change) => policy("aws_iam_policy", "PlanRole_Policy-api-metadata", "policy", change);
const everywhere = (action: string) => deploy(adding({ Action: [action], Resource: ["*"] }));
const anyCondition = (sid: string) => deploy(changing(sid, () => ({ Condition: undefined })));

prove(
  plat13,
  {
    "the deploy role may change records of any zone": deploy(
      changing("ChangeRecords", () => ({ Resource: ["arn:aws:route53:::hostedzone/*"] })),
    ),
    "the deploy role may change any record of the zone": anyCondition("ChangeRecords"),
    "the deploy role may move mail": deploy(
      changing("ChangeRecords", ({ Condition }) => ({
        Condition: {
          ...Condition,
          "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "CNAME", "MX"] },
        },
      })),
    ),
    "the deploy role may request any certificate": anyCondition("RequestCertificates"),
    "the deploy role may request certificates of other names": deploy(
      changing("RequestCertificates", ({ Condition }) => ({
        Condition: { ...Condition, "ForAllValues:StringEquals": { "acm:DomainNames": ["api.example.com", "*"] } },
      })),
    ),
    "the deploy role may tag any certificate": anyCondition("TagCertificatesAtCreation"),
    "the deploy role may delete any certificate": anyCondition("ChangeTaggedCertificates"),
    "the deploy role may export certificates": everywhere("acm:ExportCertificate"),
    "the deploy role may import certificates": everywhere("acm:ImportCertificate"),
    "the deploy role may delete zones": everywhere("route53:DeleteHostedZone"),
    "the deploy role may tag zones": deploy(
      changing("ManageHealthChecks", () => ({ Resource: ["arn:aws:route53:::hostedzone/*"] })),
    ),
    "the deploy role may change other names": deploy(
      changing("ManageDomainNames", () => ({ Resource: ["arn:aws:apigateway:*::/domainnames/*"] })),
    ),
    "the deploy role may make another service's role": deploy(
      changing("FirstDomainName", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replaceAll(/ops\.apigateway/g, "support")),
      })),
    ),
    "the plan role may read other names": plan(
      changing("DescribeDomainNames", () => ({ Resource: ["arn:aws:apigateway:*::/domainnames/*"] })),
    ),
    "the plan role may export certificates": plan(adding({ Action: ["acm:ExportCertificate"], Resource: ["*"] })),
    "the plan role may change records": plan(
      adding({ Action: ["route53:ChangeResourceRecordSets"], Resource: ["arn:aws:route53:::hostedzone/Z2PROD"] }),
    ),
  },
  options,
);

// Without a domain there is no right about one.
prove(
  plat13,
  {
    "the deploy role may request certificates without a domain": everywhere("acm:RequestCertificate"),
    "the deploy role may make names without a domain": deploy(
      adding({ Action: ["apigateway:POST"], Resource: ["arn:aws:apigateway:*::/domainnames"] }),
    ),
    "the deploy role may change records without a domain": deploy(
      adding({ Action: ["route53:ChangeResourceRecordSets"], Resource: ["arn:aws:route53:::hostedzone/Z2PROD"] }),
    ),
    "the deploy role may make API Gateway's role without a domain": deploy((statements) => [
      ...statements,
      {
        Sid: "Added",
        Effect: "Allow",
        Action: ["iam:CreateServiceLinkedRole"],
        Resource: [
          "arn:aws:iam::333333333333:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway",
        ],
        Condition: { StringEquals: { "iam:AWSServiceName": "ops.apigateway.amazonaws.com" } },
      },
    ]),
  },
  { environments: ["prod"], alone: true },
);

// A domain is a name without the suffix: only the configured one is.
prove(
  api01,
  {
    "a certificate is for a name that isn't the configured one": apiSetting("aws_acm_certificate", "Domain", {
      domain_name: "api.example.org",
    }),
    "the domain is the name of something else": apiWith("aws_sqs_queue", { name: "api.example.com" }),
  },
  options,
);

// Names that are configured are the only ones.
prove(
  api08,
  {
    "the API has an entrance beside its domain": apiWith("aws_apigatewayv2_domain_name", {
      domain_name: "api.example.com",
    }),
    "the first region's key has a value of its own": primaryKey({ value: "0123456789abcdefghij" }),
  },
  options,
);

test("PLAT-14 rights about a domain fit into the deploy role's policies, and are one account's", () => {
  const { json } = stackOf(withDomains, "prod", "bootstrap");
  const policies = Object.values(json.resource?.aws_iam_policy ?? {}).map((each) => String(each.policy));
  expect(policies.filter((text) => text.includes("Z2PROD"))).toHaveLength(2);
  expect(policies.join()).not.toContain("Z1DEV");
  const staging = stackOf(withDomains, "staging", "bootstrap");
  expect(JSON.stringify(staging.json)).not.toMatch(/acm:RequestCertificate|hostedzone\/Z|domainnames/);
  expect(nameOf(staging, "aws_iam_policy", "DeployRole_Policy-apis")).toBeDefined();
});
