import { z } from "zod";
import type { Component } from "./components";
import type { Environment } from "./environment";
import { ConfigError, type ConfigProblem } from "./errors";
import { validate } from "./validate";

/** What `backend.hcl` may hold: what all stacks' remote state shares (PLAT-20). */
const backendSchema = z.strictObject({
  /** DynamoDB table that locks the state; bootstrap creates it under this name. */
  dynamodb_table: z.string({ error: tableError() }).regex(/^[A-Za-z0-9_.-]{3,255}$/, { error: tableError() }),
  /** Customer key of the state, by alias, so that one file serves all accounts. */
  kms_key_id: z
    .string({ error: aliasError() })
    .regex(/^alias\/(?!aws\/)[A-Za-z0-9/_-]{1,250}$/, { error: aliasError() }),
  /** Server-side encryption; on its own it would be AES256. */
  encrypt: z.literal(true, { error: "must be true: state is always encrypted" }),
  /** Lock file beside the state, as well as the table. */
  use_lockfile: z.literal(true, { error: "must be true: state is always locked" }),
});

export type BackendSettings = z.output<typeof backendSchema>;

/** `backend.hcl` as it was parsed, or why it could not be. */
export type ParsedBackend = { content: unknown } | { error: string };

const computed = ["bucket", "key", "region"];

/** @throws ConfigError with everything that is wrong with the file */
export function checkBackend(parsed: ParsedBackend): BackendSettings {
  if ("error" in parsed) throw new ConfigError([{ path: "backend.hcl", message: parsed.error }]);
  const content = parsed.content as Record<string, unknown>;
  const misplaced: ConfigProblem[] = computed
    .filter((key) => key in content)
    .map((key) => ({
      path: `backend.hcl.${key}`,
      value: content[key],
      message: "is computed per stack; in this file it would put every stack on one state: take it out",
    }));
  const rest = Object.fromEntries(Object.entries(content).filter(([key]) => !computed.includes(key)));
  const result = validate(backendSchema, rest, "backend.hcl");
  if (!result.ok || misplaced.length > 0) throw new ConfigError([...misplaced, ...(result.ok ? [] : result.problems)]);
  return result.value;
}

/** Where a stack's state is: one bucket per account, in the region of the account's bootstrap; its replica while that region is down. */
export function stateLocation(
  environment: Environment,
  stackId: string,
): { bucket: string; key: string; region: string } {
  const { stateRegion } = environment.account;
  return { bucket: stateBucketName(environment, stateRegion), key: stackId, region: stateRegion };
}

/** All of a stack's `backend "s3"` block, as Terraform's JSON has it. */
export function backendConfig(environment: Environment, stackId: string, settings: BackendSettings) {
  return { ...stateLocation(environment, stackId), ...settings };
}

/** An account's states, or their replica in another region. */
export function stateBucketName({ accountId }: Environment, region: string): string {
  return `tap-state-${accountId}-${region}`;
}

/** Stack id, folder in cdktf.out and key of the state. */
export function stackIdOf(component: Component, environmentSuffix: string, region: string): string {
  return `tap-${component}-${environmentSuffix}-${region}`;
}

function tableError(): string {
  return "must be a DynamoDB table name: 3 to 255 letters, digits or _.-";
}

function aliasError(): string {
  return 'must be the alias of a customer key: "alias/…", not "alias/aws/…", 256 characters at most';
}
