import { randomUUID } from "node:crypto";
import { CommandError } from "../context";
import type { LocalState } from "./state";
import { type RestApi, restApis } from "./status";

/** A request, and what it was answered. */
export interface Exchange {
  readonly region: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  /** What was sent, as JSON. */
  readonly sent?: string;
  readonly status: number;
  readonly answer: string;
  /** From the request to the answer; where it was asked repeatedly, from the first request. */
  readonly milliseconds: number;
}

/** How long an item may take to the other region, milliseconds: its message waits for the emulator's pollers. */
const replicationMilliseconds = 30_000;

/**
 * Creates an item by the API's primary region, and reads it in the others, where it comes by itself.
 * @throws CommandError when an answer isn't what the API promises
 */
export async function firstRequests(state: Pick<LocalState, "resources" | "primaryRegion">): Promise<Exchange[]> {
  const apis = restApis(state).filter(({ system }) => system === "api");
  const primary = apis.find(({ region }) => region === state.primaryRegion);
  if (primary === undefined) throw new CommandError(`There is no API in ${state.primaryRegion} to send a request to`);
  const created = await exchange(primary, "POST", "/items", { name: "Bolt" });
  if (created.status !== 201) throw new CommandError(`POST ${created.url} was answered ${told(created)}`);
  const { id } = JSON.parse(created.answer) as { id: string };
  const others = apis.filter((api) => api !== primary);
  return [created, ...(await Promise.all(others.map((api) => untilThere(api, `/items/${id}`))))];
}

async function untilThere(api: RestApi, path: string): Promise<Exchange> {
  const start = performance.now();
  for (;;) {
    const found = await exchange(api, "GET", path);
    const milliseconds = performance.now() - start;
    if (found.status === 200) return { ...found, milliseconds };
    if (found.status !== 404 || milliseconds > replicationMilliseconds)
      throw new CommandError(`GET ${found.url} was answered ${told(found)} after ${Math.round(milliseconds)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function exchange(
  { url: base, region, keys }: RestApi,
  method: Exchange["method"],
  path: string,
  body?: object,
): Promise<Exchange> {
  const url = base + path;
  const sent = body === undefined ? {} : { sent: JSON.stringify(body) };
  const start = performance.now();
  const response = await fetch(url, {
    method,
    headers: {
      "x-api-key": Object.values(keys)[0] ?? "",
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { region, method, url, ...sent, status: response.status, answer, milliseconds: performance.now() - start };
}

const told = ({ status, answer }: Exchange) => `${status} ${answer}`;

/** What `npm start -- --local` says of them. */
export function exchangesText(exchanges: readonly Exchange[]): string {
  return exchanges
    .map((each) =>
      [
        `  ${each.method} ${each.url}${each.sent === undefined ? "" : ` ${each.sent}`}`,
        `  ${told(each)}`,
        `  ${each.region}, after ${Math.round(each.milliseconds)} ms`,
      ].join("\n"),
    )
    .join("\n\n");
}
