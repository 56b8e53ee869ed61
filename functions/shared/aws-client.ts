/**
 * Settings of every AWS client. Three attempts at their slowest, with the SDK's waits between them (50 and 100 ms at
 * most; 1 and 2 s where AWS throttles), end before the deadline of a function of 10 s.
 */
export const awsClientSettings = {
  maxAttempts: 3,
  retryMode: "standard",
  requestHandler: {
    // Both start together, when a request is sent.
    connectionTimeout: 1_000,
    requestTimeout: 1_900,
    // Without it, a request that is late is only warned of.
    throwOnRequestTimeout: true,
  },
};
