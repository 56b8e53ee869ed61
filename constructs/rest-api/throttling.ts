import { requireInRange, requireNumberInRange } from "../ranges";

/** How many requests are let in; what comes above gets 429. */
export interface Throttling {
  /** Steady rate, requests per second, not necessarily whole (100 a minute is 1.67): 0.01 to 10,000 (API Gateway's account quota). */
  readonly rateLimit: number;
  /** Requests at once, above the rate: 1 to 5,000 (API Gateway's account quota). */
  readonly burstLimit: number;
}

/** @throws RangeError */
export function requireThrottling(option: string, { rateLimit, burstLimit }: Throttling): void {
  requireNumberInRange(`${option}.rateLimit`, rateLimit, 0.01, 10_000, "requests per second");
  requireInRange(`${option}.burstLimit`, burstLimit, 1, 5_000, "requests");
}
