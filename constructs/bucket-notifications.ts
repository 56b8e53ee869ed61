import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import type { EncryptedBucket } from "./encrypted-bucket";
import type { Statement } from "./policy";
import type { Queue } from "./queue";
import { TapStack } from "./tap-stack";

/** Objects that a queue is told of when they are created. */
export interface ObjectFilter {
  /** What their keys start with, e.g. `incoming/`. */
  readonly prefix: string;
  /** What their keys end with, letter by letter, in upper and lower case as it stands here. @default anything */
  readonly suffixes?: readonly string[];
}

export interface BucketNotificationsProps {
  readonly bucket: EncryptedBucket;
  /** The queue of each kind of object, by a name of its own: letters and digits. */
  readonly queues: Readonly<Record<string, ObjectFilter & { readonly queue: Queue }>>;
}

/**
 * All that a bucket tells of its new objects. One per bucket: S3 keeps one configuration, and a second one would take
 * the first one's place (PutBucketNotificationConfiguration).
 *
 * @example
 * const queue = new Queue(this, "Imports", { key, …, statements: sentByBucket(this, bucket.arn, key) });
 * new BucketNotifications(this, "Notifications", { bucket, queues: { Landed: { queue, prefix: "incoming/" } } });
 */
export class BucketNotifications extends Construct {
  constructor(scope: Construct, id: string, { bucket, queues }: BucketNotificationsProps) {
    super(scope, id);
    const filters = Object.entries(queues).flatMap(([name, { queue, prefix, suffixes = [""] }]) =>
      suffixes.map((suffix) => ({ id: suffix === "" ? name : `${name}${suffix}`, queue, prefix, suffix })),
    );
    refuseOverlaps(filters);
    new S3BucketNotification(this, "Notification", {
      bucket: bucket.bucket,
      // AWS Backup asks for it, and would be turned off by its absence (AWS Backup developer guide, Amazon S3 backups).
      eventbridge: true,
      queue: filters.map(({ id: filterId, queue, prefix, suffix }) => ({
        id: filterId,
        queueArn: queue.targetArn,
        events: ["s3:ObjectCreated:*"],
        filterPrefix: prefix,
        ...(suffix === "" ? {} : { filterSuffix: suffix }),
      })),
      // S3 tries each queue when it is told of it: its policy must be there.
      dependsOn: Object.values(queues).map(({ queue }) => queue.policy),
    });
  }
}

/** Lets a bucket send to a queue, and the bucket's service use the queue's key for it (S3 user guide, event notifications: permissions). */
export function sentByBucket(
  scope: Construct,
  bucketArn: string,
  key: CustomerKey,
): (queueArn: string) => readonly Statement[] {
  const { accountId } = TapStack.of(scope).environment;
  key.grantPublisher("s3.amazonaws.com", bucketArn);
  return (queueArn) => [
    {
      sid: "BucketSends",
      principals: { Service: ["s3.amazonaws.com"] },
      actions: ["sqs:SendMessage"],
      resources: [queueArn],
      conditions: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnEquals: { "aws:SourceArn": bucketArn },
      },
    },
  ];
}

/** S3 refuses two filters that one key could fit, where the events are the same (S3 user guide, overlapping filters). */
function refuseOverlaps(filters: readonly { readonly prefix: string; readonly suffix: string }[]): void {
  filters.forEach((filter, index) => {
    const other = filters
      .slice(0, index)
      .find(
        ({ prefix, suffix }) =>
          (prefix.startsWith(filter.prefix) || filter.prefix.startsWith(prefix)) &&
          (suffix.endsWith(filter.suffix) || filter.suffix.endsWith(suffix)),
      );
    if (other !== undefined)
      throw new RangeError(
        `Two filters may not fit one key (given ${other.prefix}*${other.suffix} and ${filter.prefix}*${filter.suffix})`,
      );
  });
}
