import type { PolicyStatement } from "../stack-json";

/**
 * What keeps a right of deployment and planning to this project's things where no ARN can: keys of conditions, of which a
 * statement that has such an action must have one of each list.
 */
const wanted: readonly (readonly [actions: RegExp, ...keys: (readonly string[])[]])[] = [
  // Targets have no ARN that says of what.
  [/^application-autoscaling:(Register|Deregister|Put|Delete)/, ["application-autoscaling:service-namespace"]],
  // A bucket's ARN has no account.
  [/^s3:((Delete|Put)Bucket|Put\w+Configuration|Get(Bucket|\w+Configuration))/, ["aws:ResourceAccount"]],
  [/^lambda:(Create|Delete|Update)EventSourceMapping/, ["lambda:FunctionArn"]],
  [/^kms:CreateKey$/, ["aws:RequestTag/Project"]],
  [/^kms:(PutKeyPolicy|ScheduleKeyDeletion|DisableKey)$/, ["aws:ResourceTag/Project"]],
  [/^kms:(TagResource|UntagResource)$/, ["aws:RequestTag/Project", "aws:ResourceTag/Project"]],
  [
    /^ec2:(Create|Delete|Modify|Authorize|Revoke|Associate|Disassociate|Replace|Update)(?!Tags)/,
    ["aws:RequestTag/Project", "aws:ResourceTag/Project"],
  ],
  [/^ec2:(Create|Delete)Tags$/, ["ec2:CreateAction", "aws:RequestTag/Project", "aws:ResourceTag/Project"]],
];

/** A right to use keys: of one key that is named, or for callers of the account and through named services. */
const usesKeys = /^kms:(CreateGrant|Decrypt|Encrypt|GenerateDataKey|ReEncrypt)/;

/** What a statement lacks that would keep it to the project's own things. */
export function unconditional({ Sid, Action, Resource = [], Condition = {} }: PolicyStatement): string[] {
  const keys = new Set(Object.values(Condition).flatMap((each) => Object.keys(each)));
  const isWide = Resource.some(
    (arn) => arn === "*" || /^arn:aws:(ec2|kms|s3|lambda|application-autoscaling):/.test(arn),
  );
  if (!isWide) return [];
  const lacking = wanted.filter(
    ([actions, names]) =>
      Action.some((action) => actions.test(action)) && !(names ?? []).some((name) => keys.has(name)),
  );
  return [
    ...lacking.map(([, names]) => `must be conditional on ${(names ?? []).join(" or ")} in its statement ${Sid}`),
    ...(Action.some((action) => usesKeys.test(action))
      ? ["kms:CallerAccount", "kms:ViaService"]
          .filter((name) => !keys.has(name))
          .map((name) => `must be conditional on ${name} in its statement ${Sid}`)
      : []),
  ];
}
