/** What AWS, its SDKs and Terraform say where a session is over, or was never there. */
const patterns =
  /ExpiredToken|RequestExpired|TokenRefreshRequired|InvalidClientTokenId|UnrecognizedClientException|CredentialsProviderError|security token included in the request is (expired|invalid)|No valid credential sources found|the SSO session (associated with this profile )?has expired/i;

/** Whether something failed because of the session, and not because of the release. */
export function isExpired(error: unknown): boolean {
  return patterns.test(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
