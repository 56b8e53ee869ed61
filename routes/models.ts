import { problem } from "./problem";
import { responsesOf } from "./responses";
import type { ApiDefinition, Model } from "./route";

/** Every body that an API takes or gives, in the order of its routes; one that several share stands there several times. */
export function modelsOf({ routes }: ApiDefinition): Model[] {
  return routes.flatMap((route) => [
    ...(route.body ? [route.body] : []),
    ...responsesOf(route).flatMap(([, { body }]) => body ?? []),
  ]);
}

/** Errors are problem details (RFC 9457), all else is JSON. */
export function contentTypeOf({ name }: Model): string {
  return name === problem.name ? "application/problem+json" : "application/json";
}
