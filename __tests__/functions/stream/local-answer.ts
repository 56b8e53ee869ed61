import type { Readable } from "node:stream";

/** What a service in this process answers; JSON, unless it is a text or bytes. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string | Buffer | Readable;
}

/** An error, as services with JSON protocols tell of it. */
export function refusal(name: string, more: object = {}): Answer {
  return { status: 400, body: { __type: `com.amazonaws#${name}`, message: "The cause", ...more } };
}
