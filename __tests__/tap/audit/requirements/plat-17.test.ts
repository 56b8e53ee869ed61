import { plat17 } from "../../../../tap/audit/requirements/plat-17";
import { prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { putOut } from "./mutations";

prove(plat17, {
  "an output has no parameter": (subject, environment) => {
    delete stackOf(subject, environment, "network", "us-west-2").json.resource?.aws_ssm_parameter?.output_vpc_id;
  },
  "a parameter has another value than its output": (subject, environment) => {
    resource(
      stackOf(subject, environment, "network", "us-west-2"),
      "aws_ssm_parameter",
      "output_vpc_id",
    ).insecure_value = "vpc-1";
  },
  "a list's parameter misses an item": (subject, environment) => {
    const subnets = resource(
      stackOf(subject, environment, "network", "us-west-2"),
      "aws_ssm_parameter",
      "output_subnet_ids",
    );
    subnets.insecure_value = String(subnets.insecure_value).replace(", aws_subnet.Subnet3.id", "");
  },
  "a parameter's path lacks the suffix": (subject, environment) => {
    resource(stackOf(subject, environment, "network", "us-west-2"), "aws_ssm_parameter", "output_vpc_id").name =
      "/tap/network/vpc_id";
  },
  "a parameter is of no output": (subject, environment) => {
    delete stackOf(subject, environment, "network", "us-west-2").json.output?.vpc_id;
  },
  "one environment puts out other keys": (subject, environment) => {
    putOut(stackOf(subject, environment, "network", "us-west-2"), "added");
  },
  "an API without a domain puts out ids of keys": (subject, environment) => {
    putOut(stackOf(subject, environment, "api", "us-west-2"), "api_key_id_web");
  },
});
