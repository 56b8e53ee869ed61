import * as z from "zod/mini";

/** A schema in the words of OpenAPI 3.1. `io: "input"`: what isn't strict lets other keys pass, now and in later versions. */
export function jsonSchema(schema: z.ZodMiniType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
  return rest;
}
