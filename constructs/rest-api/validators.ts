import { ApiGatewayRequestValidator } from "@cdktf/provider-aws/lib/api-gateway-request-validator";
import { Construct } from "constructs";
import type { Route } from "../../routes/route";

/** What the gateway checks before a function is called. */
const kinds = {
  Body: { validateRequestBody: true, validateRequestParameters: true },
  Parameters: { validateRequestBody: false, validateRequestParameters: true },
} as const;

/** The request validators of an API, each made when a route first needs it. */
export class RequestValidators extends Construct {
  private readonly ids = new Map<keyof typeof kinds, string>();
  private readonly restApiId: string;

  constructor(scope: Construct, id: string, { restApiId }: { readonly restApiId: string }) {
    super(scope, id);
    this.restApiId = restApiId;
  }

  /** Undefined for a route that takes neither a body nor parameters: there is nothing to check. */
  idFor(route: Route): string | undefined {
    if (route.body) return this.idOf("Body");
    return (route.pathParameters ?? route.queryParameters ?? route.headers) ? this.idOf("Parameters") : undefined;
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
