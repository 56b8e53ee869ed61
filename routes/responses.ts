import { commonErrors } from "./problem";
import type { Response, Route } from "./route";

/** All that a route can answer, by status: its own, and what every route can. */
export function responsesOf(route: Route): [status: number, response: Response][] {
  return Object.entries({ ...commonErrors, ...route.responses }).map(([status, response]) => [
    Number(status),
    response,
  ]);
}
