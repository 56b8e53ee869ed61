import { parseStackId } from "../graph/stack-id";

/** Errors of Terraform that are known, with what to do. */
const known: readonly { readonly pattern: RegExp; advice(environment: string): string }[] = [
  {
    pattern: /S3 bucket "[^"]*" does not exist/,
    advice: (environment) =>
      `The account has no bucket for states yet: \`tap bootstrap apply --env ${environment}\`, then \`tap bootstrap migrate --env ${environment}\`.`,
  },
  {
    pattern: /Error acquiring the state lock/,
    advice: () =>
      "Another run holds the state's lock: wait until it has ended. Where no run is left, the message says how to force it.",
  },
  {
    pattern: /No valid credential sources found|ExpiredToken|InvalidClientTokenId/,
    advice: () =>
      "The credentials are missing, or have expired: AWS_PROFILE names a profile that may work under the role.",
  },
];

/** An error with what to do, where that is known. */
export function explained(stackId: string, error: string): string {
  const environment = parseStackId(stackId)?.environmentSuffix ?? "<environment>";
  const plain = error.replaceAll(/\s+/g, " ");
  const advice = known.filter(({ pattern }) => pattern.test(plain)).map((each) => each.advice(environment));
  return [error, ...advice].join("\n");
}
