import type { Environment } from "../../../config/environment";
import { stream as definition } from "../../../routes/stream";
import { type Gateway, gatewayOf } from "../gateway";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import { entrances, throttling, usagePlan } from "./api-08";
import { deployed, routes } from "./api-08-routes";
import { crossOrigin } from "./api-09";
import { accessLog } from "./api-10";

/** Who may call what, and which function answers. */
const wantedRoutes = ["GET /health public health", "POST /process key ingest"];

export const str02: Requirement = {
  id: "STR-02",
  checks:
    "One REST API with the methods of the table of routes alone: /health for everybody, and /process by API key, with its body checked at the gateway; each before the alias of the function that it names, within the configured limits, for pages of the configured origins, and with an access log.",
  why: "A record that is taken in without a key is anybody's, and one that isn't checked at the gateway costs an invocation.",
  judge: (subject) =>
    judgeEach(subject, "stream", (stack, environment) => {
      const gateway = gatewayOf(subject.graph, stack);
      return gateway === undefined
        ? [{ stack: stack.id, message: "must have one REST API, with one stage" }]
        : judgeGateway(gateway, environment);
    }),
};

function judgeGateway(gateway: Gateway, environment: Environment): Finding[] {
  const { allowedOrigins, clients, api } = environment.stream;
  const limits = { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit };
  return [
    ...table(gateway.stack.id),
    ...entrances(gateway),
    ...routes(gateway, definition),
    ...deployed(gateway),
    ...throttling(gateway, limits),
    ...usagePlan(gateway, { ...limits, clients }),
    ...crossOrigin(gateway, definition, allowedOrigins),
    ...accessLog(gateway, environment),
  ];
}

/** The table itself: what it says of access is what the gateway is held to. */
function table(stack: string): Finding[] {
  const actual = definition.routes.map(
    ({ method, path, access, function: lambda }) => `${method} ${path} ${access} ${lambda}`,
  );
  const isChecked = definition.routes.every(({ method, body }) => method !== "POST" || body !== undefined);
  return [
    ...(actual.join() === wantedRoutes.join()
      ? []
      : [{ stack, message: `must have the routes ${wantedRoutes.join(", ")} (it has ${actual.join(", ")})` }]),
    ...(isChecked ? [] : [{ stack, message: "must have a model of what is posted" }]),
  ];
}
