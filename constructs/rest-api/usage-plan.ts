import { ApiGatewayApiKey } from "@cdktf/provider-aws/lib/api-gateway-api-key";
import { ApiGatewayUsagePlan } from "@cdktf/provider-aws/lib/api-gateway-usage-plan";
import { ApiGatewayUsagePlanKey } from "@cdktf/provider-aws/lib/api-gateway-usage-plan-key";
import { Construct } from "constructs";
import { requireInRange } from "../ranges";
import { TapStack } from "../tap-stack";
import { requireThrottling, type Throttling } from "./throttling";

/** What one API key may do. */
export interface UsagePlanSettings extends Throttling {
  /** Requests in a period, from 1. @default no quota */
  readonly quotaLimit?: number;
  /** The period of the quota; API Gateway knows no shorter one. @default "DAY" */
  readonly quotaPeriod?: "DAY" | "WEEK" | "MONTH";
}

export interface ApiUsagePlanProps {
  readonly resource?: string;
  readonly restApiId: string;
  readonly stageName: string;
  readonly settings: UsagePlanSettings;
  readonly clients: readonly string[];
}

/** The limits of each API key, and a key per client. The gateway makes the keys' values; no output has them (SEC-04). */
export class ApiUsagePlan extends Construct {
  readonly id: string;
  readonly keyIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: ApiUsagePlanProps) {
    super(scope, id);
    const plan = this.createPlan(props);
    this.id = plan.id;
    this.keyIds = Object.fromEntries(
      props.clients.map((client) => [client, this.createKey(client, plan.id, props.resource)]),
    );
  }

  private createPlan({ resource, restApiId, stageName, settings }: ApiUsagePlanProps): ApiGatewayUsagePlan {
    const { rateLimit, burstLimit, quotaLimit, quotaPeriod } = settings;
    requireThrottling("usagePlan", settings);
    if (quotaLimit !== undefined)
      requireInRange("usagePlan.quotaLimit", quotaLimit, 1, Number.POSITIVE_INFINITY, "requests");
    else if (quotaPeriod !== undefined)
      throw new RangeError(`usagePlan.quotaPeriod needs a quotaLimit (given ${JSON.stringify(quotaPeriod)} alone)`);
    return new ApiGatewayUsagePlan(this, "Plan", {
      name: TapStack.of(this).nameOf("usagePlan", resource),
      apiStages: [{ apiId: restApiId, stage: stageName }],
      throttleSettings: { rateLimit, burstLimit },
      ...(quotaLimit === undefined ? {} : { quotaSettings: { limit: quotaLimit, period: quotaPeriod ?? "DAY" } }),
    });
  }

  private createKey(client: string, usagePlanId: string, resource: string | undefined): string {
    const named = resource === undefined ? client : `${resource}-${client}`;
    const key = new ApiGatewayApiKey(this, `Key-${client}`, { name: TapStack.of(this).nameOf("apiKey", named) });
    new ApiGatewayUsagePlanKey(this, `PlanKey-${client}`, { keyId: key.id, keyType: "API_KEY", usagePlanId });
    return key.id;
  }
}
