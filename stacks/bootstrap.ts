import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { BackupRegionSettings } from "@cdktf/provider-aws/lib/backup-region-settings";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import type { Construct } from "constructs";
import { AccountRole } from "../constructs/account-role";
import { accountNames } from "../constructs/names";
import { deployBoundary, workloadBoundary } from "../constructs/permissions/boundaries";
import { deployNetwork, deployRoles, deployShared } from "../constructs/permissions/deploy";
import { deployApis, readApiMetadata } from "../constructs/permissions/deploy-api";
import { deployDelivery, reportDrift } from "../constructs/permissions/deploy-delivery";
import { deployDomains, readDomains } from "../constructs/permissions/deploy-domains";
import {
  deployBackups,
  deployData,
  deployFunctions,
  deployMonitoring,
  deployStreams,
} from "../constructs/permissions/deploy-services";
import { readMetadata, readServiceMetadata } from "../constructs/permissions/metadata";
import { readState, writeState } from "../constructs/permissions/state";
import { policyJson, trustWithoutSource } from "../constructs/policy";
import { StateStorage } from "../constructs/state-storage";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { ciTrust, githubIssuer } from "../constructs/trust";
import { WorkloadRole } from "../constructs/workload-role";

/**
 * What an account has once, and everything else stands on (PLAT-11, 13, 20): remote state, CI's way in, the
 * deploy and plan roles with their boundaries, and settings that are the account's and not an environment's.
 * Applied by people, with their own credentials; the deploy role can't alter any of it.
 */
export class BootstrapStack extends TapStack {
  private readonly lockTable: string;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "bootstrap", credentials: "caller" });
    this.lockTable = props.backend.dynamodb_table;

    const provider = this.createOidcProvider();
    const workload = this.createBoundary("workload-boundary", workloadBoundary(this.environment, this.lockTable));
    const boundary = this.createBoundary(
      "deploy-boundary",
      deployBoundary(this.environment, this.lockTable, workload.arn),
    );
    const state = new StateStorage(this, "State", {
      lockTable: this.lockTable,
      keyAlias: props.backend.kms_key_id,
      replicationBoundaryArn: boundary.arn,
    });
    const deploy = this.createDeployRole(state.keyArns, provider.arn, boundary);
    const plan = this.createPlanRole(state.keyArns, provider.arn, boundary);
    this.createApiGatewayLogRole(workload);
    this.optInToBackups();

    this.addOutputs({
      state_bucket_name: { description: "Bucket of all Terraform states of the account", value: state.bucket.bucket },
      state_bucket_arn: {
        description: "ARN of the bucket of all Terraform states of the account",
        value: state.bucket.arn,
      },
      state_lock_table_name: { description: "Table that locks the states", value: this.lockTable },
      state_key_arn: { description: "ARN of the customer key of the states", value: state.key.arn },
      deploy_role_arn: { description: "Role that applies", value: deploy.arn },
      plan_role_arn: { description: "Role that plans in pull requests, and changes nothing", value: plan.arn },
      workload_boundary_arn: {
        description: "Boundary of every role that the deploy role creates",
        value: workload.arn,
      },
      oidc_provider_arn: { description: "Identity provider of GitHub's workflows", value: provider.arn },
    });
  }

  private createOidcProvider(): IamOpenidConnectProvider {
    return new IamOpenidConnectProvider(this, "GithubOidc", {
      url: `https://${githubIssuer}`,
      clientIdList: ["sts.amazonaws.com"],
    });
  }

  private createBoundary(resource: string, statements: Parameters<typeof policyJson>[0]): IamPolicy {
    return new IamPolicy(this, resource, {
      name: this.nameOf("policy", resource),
      description: "Permissions boundary; owned by bootstrap",
      policy: policyJson(statements),
    });
  }

  /** Applies, from workflows that run in the GitHub environments of this account. */
  private createDeployRole(stateKeyArns: readonly string[], providerArn: string, boundary: IamPolicy): AccountRole {
    const { deployRoleArn, workloadBoundaryArn } = accountNames(this.environment);
    const { accountId, tags, repository, operatorRoleArns } = this.environment;
    const empties = !this.environment.deletionProtection;
    const scope = { accountId, project: tags.project, deployRoleArn, workloadBoundaryArn };
    return new AccountRole(this, "DeployRole", {
      resource: "deploy",
      description: "Applies the stacks of this account",
      boundaryArn: boundary.arn,
      trust: ciTrust({
        providerArn,
        accountId,
        subjects: this.environment.account.environmentSuffixes.map(
          (suffix) => `repo:${repository}:environment:${suffix}`,
        ),
        roleArns: [deployRoleArn, ...operatorRoleArns],
      }),
      policies: {
        state: writeState(this.environment, this.lockTable, stateKeyArns),
        metadata: readMetadata(accountId),
        "service-metadata": readServiceMetadata(accountId),
        apis: [
          ...deployApis(accountId),
          ...readApiMetadata(accountId),
          ...deployDomains(this.environment),
          ...readDomains(this.environment),
        ],
        roles: deployRoles(scope),
        network: deployNetwork(scope),
        shared: deployShared(scope),
        functions: deployFunctions(accountId),
        data: [
          ...deployData({ accountId, empties, replicaRegion: this.environment.account.stateReplicaRegion }),
          ...deployStreams(accountId),
        ],
        monitoring: [
          ...deployMonitoring(accountId, empties),
          ...deployBackups(accountId, empties),
          ...reportDrift(accountId),
          ...deployDelivery(this.environment),
        ],
      },
    });
  }

  /** Plans: from pull requests of this repository (a fork's workflow gets no token), and from main for drift. */
  private createPlanRole(stateKeyArns: readonly string[], providerArn: string, boundary: IamPolicy): AccountRole {
    const { planRoleArn } = accountNames(this.environment);
    const { accountId, repository, operatorRoleArns } = this.environment;
    return new AccountRole(this, "PlanRole", {
      resource: "plan",
      description: "Plans the stacks of this account, and changes nothing",
      boundaryArn: boundary.arn,
      trust: ciTrust({
        providerArn,
        accountId,
        subjects: [`repo:${repository}:pull_request`, `repo:${repository}:ref:refs/heads/main`],
        roleArns: [planRoleArn, ...operatorRoleArns],
      }),
      policies: {
        state: readState(this.environment, this.lockTable, stateKeyArns),
        metadata: readMetadata(accountId),
        "service-metadata": readServiceMetadata(accountId),
        "api-metadata": [...readApiMetadata(accountId), ...readDomains(this.environment)],
        drift: reportDrift(accountId),
        itself: [{ sid: "AssumeItself", actions: ["sts:AssumeRole"], resources: [planRoleArn] }],
      },
    });
  }

  /** API Gateway logs of a region go through one role of the account; without it a stage with logging can't be made. */
  private createApiGatewayLogRole(workloadBoundary: IamPolicy): void {
    const role = new WorkloadRole(this, "ApiGatewayLogRole", {
      resource: "api-gateway-logs",
      description: "Writes access and execution logs of API Gateway, in all regions",
      // API Gateway sends no source account or ARN when it checks the role.
      trust: trustWithoutSource("apigateway.amazonaws.com"),
      // Its name is computed, here as in all stacks; only in this one may it not exist yet.
      dependsOn: [workloadBoundary],
    });
    role.allow("access", {
      sid: "WriteLogs",
      actions: [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
      ],
      resources: [`arn:aws:logs:*:${this.environment.accountId}:log-group:*`],
    });
    for (const region of this.environment.account.regionNames) {
      new ApiGatewayAccount(this, `ApiGatewayAccount-${region}`, {
        region,
        cloudwatchRoleArn: role.arn,
        dependsOn: [...role.policies],
      });
    }
  }

  /**
   * AWS Backup takes what an account has opted in to, region by region. Only what this project backs up is opted in,
   * once: what else is opted in or out is the account's own affair, and AWS refuses types that a region lacks.
   */
  private optInToBackups(): void {
    for (const region of this.environment.account.regionNames) {
      new BackupRegionSettings(this, `BackupSettings-${region}`, {
        region,
        resourceTypeOptInPreference: { DynamoDB: true, S3: true },
        resourceTypeManagementPreference: { DynamoDB: true },
        // Read back with all types that AWS knows: never without a difference.
        lifecycle: { ignoreChanges: ["resource_type_opt_in_preference", "resource_type_management_preference"] },
      });
    }
  }
}
