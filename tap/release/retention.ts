import type { ObjectLockConfiguration, ObjectLockRetentionMode } from "@aws-sdk/client-s3";

/** How long a bucket's object lock holds what is put there. */
export interface Retention {
  readonly mode: ObjectLockRetentionMode;
  untilFrom(moment: Date): Date;
}

/** A bucket's default; undefined where it has none. */
export function retentionOf(configuration: ObjectLockConfiguration | undefined): Retention | undefined {
  const { Mode: mode, Days, Years } = configuration?.Rule?.DefaultRetention ?? {};
  if (mode === undefined || (Days === undefined && Years === undefined)) return undefined;
  return {
    mode,
    untilFrom: (moment) => {
      const until = new Date(moment);
      until.setUTCFullYear(until.getUTCFullYear() + (Years ?? 0));
      until.setUTCDate(until.getUTCDate() + (Days ?? 0));
      return until;
    },
  };
}
