import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { Construct } from "constructs";
import type { CustomerKey } from "../customer-key";
import { LogGroup } from "../log-group";
import { executionLogGroupName } from "../names";
import { TapStack } from "../tap-stack";
import { accessLogFormat } from "./access-log";
import { requireThrottling, type Throttling } from "./throttling";

/** The one stage of an API; environments are other APIs, in other accounts. */
export const stageName = "live";

export interface ApiStageProps {
  readonly resource?: string;
  readonly restApiId: string;
  readonly deploymentId: string;
  readonly key: CustomerKey;
  readonly throttling: Throttling;
  readonly logRetentionDays?: number;
}

/**
 * The stage that callers reach, with traces, access and execution logs, metrics and limits. Its log settings need the
 * account's role for API Gateway, which bootstrap makes.
 */
export class ApiStage extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly invokeUrl: string;
  readonly accessLogGroup: LogGroup;
  readonly executionLogGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ApiStageProps) {
    super(scope, id);
    requireThrottling("throttling", props.throttling);
    const stack = TapStack.of(this);
    const access = props.resource === undefined ? "access" : `${props.resource}-access`;
    this.accessLogGroup = this.createLogGroup("AccessLogs", stack.nameOf("logGroup", access), props);
    this.executionLogGroup = this.createLogGroup(
      "ExecutionLogs",
      executionLogGroupName(props.restApiId, stageName),
      props,
    );
    const stage = this.createStage(props);
    this.name = stage.stageName;
    this.arn = stage.arn;
    this.invokeUrl = stage.invokeUrl;
    this.setMethods(props);
  }

  private createLogGroup(id: string, name: string, { key, logRetentionDays }: ApiStageProps): LogGroup {
    return new LogGroup(this, id, {
      name,
      key,
      ...(logRetentionDays === undefined ? {} : { retentionDays: logRetentionDays }),
    });
  }

  private createStage({ restApiId, deploymentId }: ApiStageProps): ApiGatewayStage {
    return new ApiGatewayStage(this, "Stage", {
      restApiId,
      deploymentId,
      stageName,
      xrayTracingEnabled: TapStack.of(this).environment.tracing,
      accessLogSettings: { destinationArn: this.accessLogGroup.resource.arn, format: accessLogFormat },
      // With the first request the gateway would make one of its own, without key and end (SEC-05).
      dependsOn: [this.executionLogGroup.resource],
    });
  }

  private setMethods({ restApiId, throttling }: ApiStageProps): void {
    new ApiGatewayMethodSettings(this, "MethodSettings", {
      restApiId,
      stageName: this.name,
      methodPath: "*/*",
      settings: {
        metricsEnabled: true,
        // Whatever fails. INFO would write a dozen lines per request; data trace, what callers send.
        loggingLevel: "ERROR",
        dataTraceEnabled: false,
        throttlingRateLimit: throttling.rateLimit,
        throttlingBurstLimit: throttling.burstLimit,
      },
    });
  }
}
