import { ApiGatewayApiKey } from "@cdktf/provider-aws/lib/api-gateway-api-key";
import { ApiGatewayUsagePlan } from "@cdktf/provider-aws/lib/api-gateway-usage-plan";
import { ApiGatewayUsagePlanKey } from "@cdktf/provider-aws/lib/api-gateway-usage-plan-key";
import { DataAwsApiGatewayApiKey } from "@cdktf/provider-aws/lib/data-aws-api-gateway-api-key";
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

/** Keys of the same clients in another region. */
export interface KeysElsewhere {
  readonly region: string;
  /** Id of each client's key there. */
  readonly keyIds: Readonly<Record<string, string>>;
}

export interface ApiUsagePlanProps {
  readonly resource?: string;
  readonly restApiId: string;
  readonly stageName: string;
  readonly settings: UsagePlanSettings;
  readonly clients: readonly string[];
  /** Whose values the keys take. @default the gateway makes a value for each */
  readonly sameKeysAs?: KeysElsewhere;
}

/** The limits of each API key, and a key per client. A gateway makes the keys' values, here or elsewhere; no output has them (SEC-04). */
export class ApiUsagePlan extends Construct {
  readonly id: string;
  readonly keyIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: ApiUsagePlanProps) {
    super(scope, id);
    const plan = this.createPlan(props);
    this.id = plan.id;
    this.keyIds = Object.fromEntries(props.clients.map((client) => [client, this.createKey(client, plan.id, props)]));
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

  private createKey(client: string, usagePlanId: string, { resource, sameKeysAs }: ApiUsagePlanProps): string {
    const named = resource === undefined ? client : `${resource}-${client}`;
    const key = new ApiGatewayApiKey(this, `Key-${client}`, {
      name: TapStack.of(this).nameOf("apiKey", named),
      ...(sameKeysAs && { value: this.valueElsewhere(client, sameKeysAs) }),
    });
    new ApiGatewayUsagePlanKey(this, `PlanKey-${client}`, { keyId: key.id, keyType: "API_KEY", usagePlanId });
    return key.id;
  }

  /** A key takes a value when it is made, and keeps it (API Gateway API reference, CreateApiKey); the provider hides it in plans. */
  private valueElsewhere(client: string, { region, keyIds }: KeysElsewhere): string {
    const id = keyIds[client];
    if (id === undefined)
      throw new RangeError(`sameKeysAs.keyIds must have ${JSON.stringify(client)}, which is one of the clients`);
    return new DataAwsApiGatewayApiKey(this, `KeyElsewhere-${client}`, { id, region }).value;
  }
}
