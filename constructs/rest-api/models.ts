import { ApiGatewayModel } from "@cdktf/provider-aws/lib/api-gateway-model";
import { Construct } from "constructs";
import * as z from "zod/mini";
import { contentTypeOf, modelsOf } from "../../routes/models";
import type { ApiDefinition, Model } from "../../routes/route";

export interface ApiModelsProps {
  readonly restApiId: string;
  readonly definition: ApiDefinition;
}

/** The models of an API: every body that a route takes or gives, once. */
export class ApiModels extends Construct {
  private readonly models = new Map<string, ApiGatewayModel>();

  constructor(scope: Construct, id: string, { restApiId, definition }: ApiModelsProps) {
    super(scope, id);
    for (const [model, schema] of schemasOf(definition)) {
      const { name } = model;
      this.models.set(
        name,
        new ApiGatewayModel(this, name, { restApiId, name, contentType: contentTypeOf(model), schema }),
      );
    }
  }

  /** Its name, as the model itself has it, for what must wait until it is there. */
  nameOf({ name }: Model): string {
    return (this.models.get(name) as ApiGatewayModel).name;
  }
}

/** Each model with its JSON schema. @throws RangeError where two are called the same */
function schemasOf(definition: ApiDefinition): [Model, string][] {
  const schemas = new Map<string, [Model, string]>();
  for (const model of new Set(modelsOf(definition))) {
    if (!/^[A-Za-z0-9]+$/.test(model.name))
      throw new RangeError(`A model's name is letters and digits (given ${JSON.stringify(model.name)})`);
    const schema = JSON.stringify(gatewaySchema(model.schema));
    const [, other] = schemas.get(model.name) ?? [model, schema];
    if (other !== schema) throw new RangeError(`Two models are called "${model.name}": give one another name`);
    schemas.set(model.name, [model, schema]);
  }
  return [...schemas.values()];
}

/**
 * What the gateway can check: JSON schema draft 4. Refinements in code are the function's, and so are keys of what
 * isn't strict: `io: "input"` lets them pass, as the schema does.
 */
function gatewaySchema(schema: Model["schema"]): object {
  return z.toJSONSchema(schema, { target: "draft-4", io: "input" });
}
