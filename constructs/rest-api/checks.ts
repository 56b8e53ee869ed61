import type { ApiDefinition, Route } from "../../routes/route";

/** Parts of a path as the gateway, functions and OpenAPI take them alike: no `{proxy+}`, and not the root. */
const pathPattern = /^(\/([a-z0-9-]+|\{[A-Za-z][A-Za-z0-9]*\}))+$/;
/** HTTPS, a host and perhaps a port, as browsers send them; functions/shared/cors.ts takes the same. */
const originPattern = /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$/;

/**
 * Refuses a table that contradicts itself, or that API Gateway wouldn't take.
 * @throws RangeError
 */
export function checkDefinition({ routes }: ApiDefinition, functionNames: readonly string[]): void {
  for (const route of routes) checkRoute(route, functionNames);
  refuseTwice(
    "operationId",
    routes.map(({ operationId }) => operationId),
  );
  refuseTwice(
    "route",
    routes.map(({ method, path }) => `${method} ${path}`),
  );
  refuseSiblings(routes);
  const idle = functionNames.find((name) => routes.every((route) => route.function !== name));
  if (idle !== undefined) throw new RangeError(`No route names the function "${idle}"`);
}

function checkRoute(route: Route, functionNames: readonly string[]): void {
  const at = `${route.method} ${route.path}`;
  if (!pathPattern.test(route.path))
    throw new RangeError(`A path is like /items/{id}, in lower case, with letters and digits in braces (given ${at})`);
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  const described = Object.keys(route.pathParameters ?? {}).sort();
  if (inPath.join() !== described.join())
    throw new RangeError(
      `pathParameters of ${at} must be ${inPath.join(", ") || "none"} (given ${described.join(", ") || "none"})`,
    );
  const header = Object.keys(route.headers ?? {}).find((name) => !/^[a-z0-9-]+$/.test(name));
  if (header !== undefined)
    throw new RangeError(`Headers of ${at} are written in lower case (given ${JSON.stringify(header)})`);
  if (!functionNames.includes(route.function))
    throw new RangeError(
      `functions must have ${JSON.stringify(route.function)}, which ${at} names (given ${functionNames.join(", ") || "none"})`,
    );
}

/** Beneath one resource API Gateway takes one name for a variable part: `/items/{id}` and `/items/{itemId}/tags` exclude each other. */
function refuseSiblings(routes: readonly Route[]): void {
  const names = new Map<string, string>();
  for (const { path } of routes)
    for (const [prefix, name] of [...path.matchAll(/\{(\w+)\}/g)].map(
      (match) => [path.slice(0, match.index), match[1] as string] as const,
    )) {
      const other = names.get(prefix);
      if (other !== undefined && other !== name)
        throw new RangeError(`What follows ${prefix} must have one name (given {${other}} and {${name}})`);
      names.set(prefix, name);
    }
}

/** @throws RangeError where an origin is none, or stands twice */
export function checkOrigins(origins: readonly string[]): void {
  const wrong = origins.find((origin) => !originPattern.test(origin));
  if (wrong !== undefined)
    throw new RangeError(
      `allowedOrigins are exact, e.g. "https://app.example.com", in lower case and without a path (given ${JSON.stringify(wrong)})`,
    );
  refuseTwice("origin", origins);
}

/** @throws RangeError where a client has no proper name, stands twice, or is missing for routes with a key */
export function checkClients({ routes }: ApiDefinition, clients: readonly string[]): void {
  const wrong = clients.find((client) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(client));
  if (wrong !== undefined)
    throw new RangeError(
      `clients are lower-case words joined by hyphens, e.g. "default" (given ${JSON.stringify(wrong)})`,
    );
  refuseTwice("client", clients);
  if (clients.length === 0 && routes.some(({ access }) => access === "key"))
    throw new RangeError("clients must name one at least, where a route asks for a key (given none)");
}

function refuseTwice(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`Each ${what} stands once (given ${JSON.stringify(twice)} twice)`);
}
