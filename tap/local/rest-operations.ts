import * as bedrock from "@aws-sdk/client-bedrock-runtime";
import * as lambda from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";

/*
 * Which operation a REST call is, by the services' own models: the SDK's clients have, of each operation, its method
 * and a pattern of its path.
 */

/** How an operation is called. */
interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  /** Parts of the query that tell it from others, with their values; "" where any will do. */
  readonly query: ReadonlyMap<string, string>;
}

/** By the name that calls are signed for. S3's paths begin with the bucket, which the model leaves to the host's name. */
const routes: Readonly<Record<string, readonly Route[]>> = {
  bedrock: routesOf(bedrock),
  lambda: routesOf(lambda),
  s3: routesOf(s3),
};

/** The operation of a call, `GetObject`; undefined where no model has one, or several can't be told apart. */
export function restOperation(service: string, method: string, url: string): string | undefined {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const path = service === "s3" ? pathname.replace(/^\/[^/]+/, "") || "/" : pathname;
  const found = (routes[service] ?? []).filter(
    (route) =>
      route.method === method &&
      route.path.test(path) &&
      [...route.query].every(([name, value]) => searchParams.has(name) && ["", searchParams.get(name)].includes(value)),
  );
  // What says more of the query says what the call is.
  const most = Math.max(...found.map(({ query }) => query.size));
  const [only, ...others] = found.filter(({ query }) => query.size === most);
  return others.length === 0 ? only?.operation : undefined;
}

/** Operations of a client, by the schemas that it exports: `[9, namespace, name, { http: [method, path, status] }, …]`. */
function routesOf(client: object): Route[] {
  return Object.values(client).flatMap((schema: unknown) => {
    if (!Array.isArray(schema) || schema[0] !== 9) return [];
    const [, , operation, traits] = schema as [
      9,
      string,
      string,
      { readonly http?: readonly [string, string, number] },
    ];
    const [method, pattern] = traits.http ?? [];
    return method === undefined || pattern === undefined ? [] : [toRoute(operation, method, pattern)];
  });
}

function toRoute(operation: string, method: string, pattern: string): Route {
  const { pathname, searchParams } = new URL(pattern.replace(/[{}]/g, encodeURIComponent), "http://localhost");
  const path = decodeURIComponent(pathname)
    .replace(/\{\w+\+\}/g, ".+")
    .replace(/\{\w+\}/g, "[^/]+");
  return { operation, method, path: new RegExp(`^${path}/?$`), query: new Map(searchParams) };
}
