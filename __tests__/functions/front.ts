import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What becomes of a request on its way to a service, and of the answer on its way back. */
export type Fate =
  | "pass"
  /** The connection breaks before the service has the request. */
  | "lose-request"
  /** The service does what it is asked to, and the connection breaks before it can say so. */
  | "lose-answer"
  /** The front answers itself, with JSON or a text. */
  | { readonly status: number; readonly body: object | string };

/** A server before a service, that decides what becomes of each request. */
export interface Front {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Of a request. It may take its time: the request waits. */
type Decide = (body: string, request: IncomingMessage) => Fate | Promise<Fate>;

export async function startFront(service: string, decide: Decide): Promise<Front> {
  const server = createServer((request, response) => {
    handle(service, request, response, decide).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => stop(server),
  };
}

async function handle(
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
  decide: Decide,
): Promise<void> {
  const body = await text(request);
  const fate = await decide(body, request);
  if (typeof fate === "object") {
    const answer = typeof fate.body === "string" ? fate.body : JSON.stringify(fate.body);
    response.writeHead(fate.status, { "content-type": "application/x-amz-json-1.0" }).end(answer);
    return;
  }
  if (fate === "lose-request") {
    response.destroy();
    return;
  }
  const { host, connection, "content-length": length, ...headers } = request.headers;
  const answer = await fetch(service + request.url, {
    method: request.method ?? "POST",
    headers: headers as Record<string, string>,
    ...(body !== "" && { body }),
  });
  const answered = await answer.text();
  const contentType = answer.headers.get("content-type") ?? "application/x-amz-json-1.0";
  if (fate === "lose-answer") response.destroy();
  else response.writeHead(answer.status, { "content-type": contentType }).end(answered);
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
