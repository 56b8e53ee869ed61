interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode;
}

export function isRefused(error: unknown, name: string): boolean {
  return (error as ServiceError).name === name;
}

/** What S3 says, and what to do. */
export function explainS3(error: unknown, bucket: string): string {
  const { name = "Error", message = "" } = error as ServiceError;
  if (name === "NoSuchBucket") return `there is no bucket ${bucket}; the environment's delivery stack makes it`;
  if (name === "CredentialsProviderError")
    return `no credentials of AWS were found (${message}); AWS_PROFILE names some`;
  if (name === "ExpiredToken" || name === "ExpiredTokenException")
    return "the session has expired; log in again, and run the same once more: what was done is kept";
  if (statusOf(error) === 403)
    return `access denied (${message || name}); AWS_PROFILE or --profile names other credentials`;
  return `${name}: ${message}`;
}
