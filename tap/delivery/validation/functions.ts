import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  type LambdaClientConfig,
  ListVersionsByFunctionCommand,
  ResourceNotFoundException,
  UpdateAliasCommand,
} from "@aws-sdk/client-lambda";

/** The alias that callers use (constructs/node-function.ts). */
const aliasName = "live";

/** A function, and the code that a release has for it. */
export interface ReleasedFunction {
  readonly name: string;
  /** Lambda's CodeSha256. */
  readonly base64Sha256: string;
}

/** Which functions don't run the release's code under their alias. */
export async function functionProblems(
  settings: LambdaClientConfig,
  functions: readonly ReleasedFunction[],
): Promise<string[]> {
  return withClient(settings, async (client) => {
    const found: string[] = [];
    for (const { name, base64Sha256 } of functions) {
      const running = await runningCode(client, name);
      if (running === undefined) found.push(`functions: ${name} has no version under the alias ${aliasName}`);
      else if (running !== base64Sha256)
        found.push(`functions: ${name} runs code with the SHA-256 ${running}, and not the release's ${base64Sha256}`);
    }
    return found;
  });
}

/**
 * Lets aliases point to the versions that have a release's code: callers get it within seconds, long before the
 * infrastructure is back. A function without such a version is left as it is.
 * @returns what was done, and what couldn't be
 */
export async function putBack(
  settings: LambdaClientConfig,
  functions: readonly ReleasedFunction[],
): Promise<{ notes: string[]; problems: string[] }> {
  return withClient(settings, async (client) => {
    const notes: string[] = [];
    const problems: string[] = [];
    for (const each of functions) {
      try {
        const note = await putOneBack(client, each);
        if (note !== undefined) notes.push(note);
      } catch (error) {
        const { name, message } = error as Error;
        problems.push(`${each.name} couldn't be put back: ${name}: ${message}`);
      }
    }
    return { notes, problems };
  });
}

async function putOneBack(client: LambdaClient, { name, base64Sha256 }: ReleasedFunction): Promise<string | undefined> {
  const running = await runningCode(client, name);
  if (running === base64Sha256) return undefined;
  if (running === undefined) return `${name} isn't there: the infrastructure brings it`;
  const version = await versionWith(client, name, base64Sha256);
  if (version === undefined)
    return `${name} has no version with the release's code any more: the infrastructure brings it`;
  // Bound to what was seen: whoever changes the alias meanwhile isn't overwritten.
  const { RevisionId } = await client.send(new GetAliasCommand({ FunctionName: name, Name: aliasName }));
  await client.send(
    new UpdateAliasCommand({
      FunctionName: name,
      Name: aliasName,
      FunctionVersion: version,
      RoutingConfig: { AdditionalVersionWeights: {} },
      ...(RevisionId === undefined ? {} : { RevisionId }),
    }),
  );
  return `${name} runs version ${version} again`;
}

async function runningCode(client: LambdaClient, name: string): Promise<string | undefined> {
  try {
    const configuration = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: aliasName }),
    );
    return configuration.CodeSha256;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** The newest of them. */
async function versionWith(client: LambdaClient, name: string, base64Sha256: string): Promise<string | undefined> {
  let newest: number | undefined;
  let marker: string | undefined;
  do {
    const page = await client.send(
      new ListVersionsByFunctionCommand({ FunctionName: name, ...(marker === undefined ? {} : { Marker: marker }) }),
    );
    for (const { Version, CodeSha256 } of page.Versions ?? [])
      if (CodeSha256 === base64Sha256 && Version !== "$LATEST") newest = Math.max(newest ?? 0, Number(Version));
    marker = page.NextMarker;
  } while (marker !== undefined && marker !== "");
  return newest === undefined ? undefined : String(newest);
}

async function withClient<T>(settings: LambdaClientConfig, run: (client: LambdaClient) => Promise<T>): Promise<T> {
  const client = new LambdaClient({ ...settings, maxAttempts: 5 });
  try {
    return await run(client);
  } finally {
    client.destroy();
  }
}
