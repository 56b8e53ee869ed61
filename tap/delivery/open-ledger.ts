import { resolve } from "node:path";
import { deliveryNames } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import type { AwsAccess } from "./aws";
import { FileLedger } from "./file-ledger";
import type { Ledger } from "./ledger";

/**
 * The ledger of an environment: `dynamodb`, `dynamodb:{table}` or `file:{folder}`.
 * @throws ConfigError where it is none of these
 */
export async function openLedger(
  location: string,
  environment: Environment,
  access: AwsAccess,
  cwd: string,
  option = "--ledger",
): Promise<Ledger> {
  const [kind, ...rest] = location.split(":");
  const where = rest.join(":");
  if (kind === "file" && where !== "") return new FileLedger(resolve(cwd, where), environment.environmentSuffix);
  if (kind !== "dynamodb" || (rest.length > 0 && where === ""))
    throw new ConfigError([
      { path: option, value: location, message: "is no ledger: wanted is dynamodb, dynamodb:<table> or file:<folder>" },
    ]);
  const { DynamoLedger, ledgerClient } = await import("./dynamo-ledger");
  const { region, ...more } = access.in(environment.region);
  return new DynamoLedger({
    tableName: where || deliveryNames(environment).ledgerTableName,
    region,
    environment: environment.environmentSuffix,
    client: ledgerClient(region, more),
  });
}
