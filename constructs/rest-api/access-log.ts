/**
 * One line of JSON per request (API-10). The paths of the table and not the caller's, the id of the key and not the
 * key, no address and no browser: access logs hold no personal data (SEC-04). The correlation id is a header, which
 * this format can't name: `functionRequestId` leads to the function's log, which has it.
 */
export const accessLogFormat = JSON.stringify({
  requestId: "$context.requestId",
  extendedRequestId: "$context.extendedRequestId",
  xrayTraceId: "$context.xrayTraceId",
  functionRequestId: "$context.integration.requestId",
  requestTime: "$context.requestTime",
  method: "$context.httpMethod",
  path: "$context.resourcePath",
  apiKeyId: "$context.identity.apiKeyId",
  status: "$context.status",
  responseBytes: "$context.responseLength",
  latencyMilliseconds: "$context.responseLatency",
  integrationStatus: "$context.integration.integrationStatus",
  integrationLatencyMilliseconds: "$context.integration.latency",
  integrationError: "$context.integration.error",
  errorType: "$context.error.responseType",
  wafStatus: "$context.waf.status",
});
