import type { Environment } from "./environment";

/**
 * The topic of an environment's alarms in its primary region, by the name pattern, which no suffix or region makes too
 * long for a topic: the security stack makes it, and `tap drift` tells it what it has found.
 */
export function alarmTopicArn({ environmentSuffix, region, accountId }: Environment): string {
  return `arn:aws:sns:${region}:${accountId}:tap-security-alarms-${environmentSuffix}-${region}`;
}
