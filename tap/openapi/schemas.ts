import { modelsOf } from "../../routes/models";
import type { ApiDefinition } from "../../routes/route";
import { jsonSchema } from "./json-schema";

/** Schemas of all bodies of an API, by the models' names, each with its example. */
export function schemasOf(definition: ApiDefinition): Record<string, object> {
  return Object.fromEntries(
    modelsOf(definition).map(({ name, schema, example }) => [
      name,
      { ...jsonSchema(schema), ...(example === undefined ? {} : { examples: [example] }) },
    ]),
  );
}
