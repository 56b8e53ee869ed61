import type { Rule } from "../rule";
import { alarmsRules } from "./alarms";
import { alikeRules } from "./alike";
import { apiGatewayRules } from "./api-gateway";
import { backupRules } from "./backup";
import { cloudfrontRules } from "./cloudfront";
import { cloudtrailRules } from "./cloudtrail";
import { dynamodbRules } from "./dynamodb";
import { ec2Rules } from "./ec2";
import { ecsRules } from "./ecs";
import { elbRules } from "./elb";
import { endpointsRules } from "./endpoints";
import { eventbridgeRules } from "./eventbridge";
import { fitsRules } from "./fits";
import { iamRules } from "./iam";
import { kinesisRules } from "./kinesis";
import { kmsRules } from "./kms";
import { lambdaRules } from "./lambda";
import { lambdaEventRules } from "./lambda-events";
import { lambdaFitsRules } from "./lambda-fits";
import { logsRules } from "./logs";
import { namesRules } from "./names";
import { placesRules } from "./places";
import { rdsRules } from "./rds";
import { s3Rules } from "./s3";
import { secretsRules } from "./secrets";
import { sensitiveRules } from "./sensitive";
import { snsRules } from "./sns";
import { sqsRules } from "./sqs";
import { ssmRules } from "./ssm";
import { stepFunctionsRules } from "./step-functions";
import { storageRules } from "./storage";
import { terraformRules } from "./terraform";
import { terraformBlockRules } from "./terraform-blocks";
import { vpcRules } from "./vpc";
import { wafRules } from "./waf";

/** All rules that are asked of any configuration, in the order of their ids. */
export const rules: readonly Rule[] = [
  ...alarmsRules,
  ...alikeRules,
  ...apiGatewayRules,
  ...backupRules,
  ...cloudfrontRules,
  ...cloudtrailRules,
  ...dynamodbRules,
  ...ec2Rules,
  ...ecsRules,
  ...elbRules,
  ...endpointsRules,
  ...eventbridgeRules,
  ...fitsRules,
  ...iamRules,
  ...kinesisRules,
  ...kmsRules,
  ...lambdaRules,
  ...lambdaEventRules,
  ...lambdaFitsRules,
  ...logsRules,
  ...namesRules,
  ...placesRules,
  ...rdsRules,
  ...s3Rules,
  ...secretsRules,
  ...sensitiveRules,
  ...snsRules,
  ...sqsRules,
  ...ssmRules,
  ...stepFunctionsRules,
  ...storageRules,
  ...terraformRules,
  ...terraformBlockRules,
  ...vpcRules,
  ...wafRules,
].sort((a, b) => (a.id < b.id ? -1 : 1));
