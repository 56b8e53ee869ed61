import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { EnvironmentRecord } from "../../../tap/delivery/ledger";

/** A write to a ledger, as it passes by. */
export interface LedgerWrite {
  /** Events of the open run; -1 where none is open. */
  readonly events: number;
  readonly record: EnvironmentRecord;
}

/** Stands before DynamoDB, to see each write to a ledger, and to be gone when it is told to. */
export class LedgerProxy {
  /** Nothing of a ledger gets through; Terraform's locks do. */
  isDown = false;
  /** Called before a write is passed on, and after it was made and before it is answered. */
  onWrite: ((write: LedgerWrite, when: "before" | "after") => void | Promise<void>) | undefined;
  #server: Server | undefined;

  constructor(private readonly target: string) {}

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      this.#pass(request).then(
        ({ status, headers, body }) => response.writeHead(status, headers).end(body),
        () => request.socket.destroy(),
      );
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #pass(request: IncomingMessage): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = body.toString("utf8");
    const isLedger = text.includes("tap-delivery-ledger-");
    if (isLedger && this.isDown) throw new Error("down");
    const write = isLedger && String(request.headers["x-amz-target"]).endsWith(".PutItem") ? writeIn(text) : undefined;
    if (write !== undefined) await this.onWrite?.(write, "before");
    const { host: _, connection: __, "content-length": ___, "transfer-encoding": ____, ...headers } = request.headers;
    const answer = await fetch(`${this.target}${request.url}`, {
      method: request.method ?? "POST",
      headers: headers as Record<string, string>,
      body,
    });
    const content = Buffer.from(await answer.arrayBuffer());
    if (write !== undefined) await this.onWrite?.(write, "after");
    if (isLedger && this.isDown) throw new Error("down");
    const kept = [...answer.headers].filter(([name]) => /^(content-type|x-amz.*)$/.test(name));
    return { status: answer.status, headers: Object.fromEntries(kept), body: content };
  }
}

function writeIn(text: string): LedgerWrite | undefined {
  const item = (JSON.parse(text) as { Item?: { sk?: { S: string }; body?: { S: string } } }).Item;
  if (item?.sk?.S !== "current" || item.body === undefined) return undefined;
  const record = JSON.parse(item.body.S) as EnvironmentRecord;
  return { record, events: record.run?.events.length ?? -1 };
}
