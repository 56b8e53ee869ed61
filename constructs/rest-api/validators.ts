import { ApiGatewayRequestValidator } from "@cdktf/provider-aws/lib/api-gateway-request-validator";
import { Construct } from "constructs";
import type { Route } from "../../routes/route";

/** What the gateway checks before a function is called. */
const kinds = {
  Body: { validateRequestBody: true, validateRequestParameters: true },
  Parameters: { validateRequestBody: false, validateRequestParameters: true },
} as const;

/** The request validators of an API, each made when a method first needs it. */
export class RequestValidators extends Construct {
  private readonly ids = new Map<keyof typeof kinds, string>();
  private readonly restApiId: string;

  constructor(scope: Construct, id: string, { restApiId }: { readonly restApiId: string }) {
    super(scope, id);
    this.restApiId = restApiId;
  }

  /** Also of a method without parameters, as a preflight: one that it gets is checked from the start. */
  idFor({ body }: Pick<Route, "body">): string {
    return this.idOf(body ? "Body" : "Parameters");
  }

  private idOf(kind: keyof typeof kinds): string {
    const known = this.ids.get(kind);
    if (known !== undefined) return known;
    const validator = new ApiGatewayRequestValidator(this, kind, {
      restApiId: this.restApiId,
      name: kind,
      ...kinds[kind],
    });
    this.ids.set(kind, validator.id);
    return validator.id;
  }
}
