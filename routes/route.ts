import type * as z from "zod/mini";

/**
 * What a REST API offers, as one table: the gateway's methods and models, the functions' validation and the OpenAPI
 * document all come from it, so that they can't say different things.
 */
export interface ApiDefinition {
  /** Component that it is deployed with; its functions are functions/{component}/{function}. */
  readonly component: "api" | "jobs" | "stream" | "files";
  readonly title: string;
  /** What it is for, in a sentence or two. */
  readonly description: string;
  /** Of the contract: it grows when callers must change something (semantic versioning). */
  readonly version: string;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As API Gateway has it: `/items/{id}`. */
  readonly path: string;
  /** Unique in the API; what logs, metrics and generated clients call it. */
  readonly operationId: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** `public`: anybody; `key`: who has an API key (API-08). */
  readonly access: "public" | "key";
  /** The function that answers: the last part of its entry. */
  readonly function: string;
  /** By name; all strings, as HTTP has them. */
  readonly pathParameters?: Readonly<Record<string, Parameter>>;
  readonly queryParameters?: Readonly<Record<string, Parameter>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, Parameter>>;
  /** JSON; refused by the gateway already where the schema can say it, by the function in any case. */
  readonly body?: Model;
  /** By status. Errors that every route can have (`commonErrors`) are not listed. */
  readonly responses: Readonly<Record<number, Response>>;
}

export interface Parameter {
  readonly description: string;
  readonly schema: z.ZodMiniType<unknown, string | undefined>;
  /** @default true in a path, false elsewhere */
  readonly required?: boolean;
  /** A value that the schema accepts, for the OpenAPI document. @default none */
  readonly example?: string;
}

export interface Response {
  readonly description: string;
  /** @default no body */
  readonly body?: Model;
  /** Names in lower case, with what they say. @default none but those of every response */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A JSON body, by a name that API Gateway takes for a model: letters and digits. */
export interface Model {
  readonly name: string;
  readonly schema: z.ZodMiniType<object>;
  /** A body that the schema accepts, for the OpenAPI document. @default none */
  readonly example?: object;
}
