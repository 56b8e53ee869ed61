import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { requiredVariables } from "./variables";

// Powertools would go on without them, as "service_undefined" in "default_namespace".
requiredVariables("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE");

export const logger = new Logger();
export const metrics = new Metrics();
// AWS clients are captured by themselves; with all of HTTP captured, each of their calls would show twice.
export const tracer = new Tracer({ captureHTTPsRequests: false });
