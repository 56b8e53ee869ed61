import { join } from "node:path";
import { fil08 } from "../../../../tap/audit/requirements/fil-08";
import { projectRoot, tap } from "../../../support/project";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { aloneWith, filesResource, filesSetting, filesWith, filesWithout } from "./files-mutations";
import { referenceTo } from "./mutations";

type Attributes = Record<string, unknown>;

const queue = "aws_sqs_queue";
const allow = "aws_sqs_queue_redrive_allow_policy";
const mapping = "aws_lambda_event_source_mapping";
const lambda = "aws_lambda_function";
const names = { image: "imageQueue_7E6406C0", document: "documentQueue_8004176A", data: "dataQueue_B03FFD9C" };

const redrive = (name: string, change: (policy: Attributes) => Attributes) =>
  filesResource(queue, name, (attributes) => {
    attributes.redrive_policy = JSON.stringify(change(JSON.parse(String(attributes.redrive_policy))));
  });

const allowing = (name: string, policy: unknown) =>
  filesSetting(allow, name, { redrive_allow_policy: JSON.stringify(policy) });

const ofEach = Object.entries(names).flatMap(([kind, name]): [string, Mutation][] => {
  const deadLetters = `${kind}Queue_DeadLetters`;
  return [
    [`what ${kind} fails at is received for ever`, filesSetting(queue, name, { redrive_policy: undefined })],
    [`${kind} gives up at once`, redrive(name, (policy) => ({ ...policy, maxReceiveCount: 1 }))],
    [`${kind} doesn't give up`, redrive(name, (policy) => ({ ...policy, maxReceiveCount: 1_000 }))],
    [`messages of ${kind} are lost within a minute`, filesSetting(queue, name, { message_retention_seconds: 60 })],
    [
      `dead letters of ${kind} are lost before its messages`,
      filesSetting(queue, `${deadLetters}_Queue`, { message_retention_seconds: 86_400 }),
    ],
    [`dead letters of ${kind} take from nobody knows whom`, filesWithout(allow, deadLetters)],
    [`dead letters of ${kind} take from every queue`, allowing(deadLetters, { redrivePermission: "allowAll" })],
    [`dead letters of ${kind} take from no queue`, allowing(deadLetters, { redrivePermission: "denyAll" })],
    [
      `${kind} takes all messages of a batch for done`,
      filesSetting(mapping, `${kind}Files`, { function_response_types: [] }),
    ],
    [`${kind} isn't fed`, filesWithout(mapping, `${kind}Files`)],
    [
      `events that ${kind} couldn't handle are lost`,
      filesSetting(lambda, `${kind}_Function`, { dead_letter_config: undefined }),
    ],
  ];
});

prove(
  fil08,
  {
    ...Object.fromEntries(ofEach),
    "a kind's dead letters are in another stack": redrive(names.data, (policy) => ({
      ...policy,
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:111111111111:tap-jobs-dead-letters-dev-us-east-1",
    })),
    "two kinds have one dead-letter queue": filesResource(queue, names.data, (attributes, stack) => {
      attributes.redrive_policy = resource(stack, queue, names.image).redrive_policy;
    }),
    "a kind's dead letters are a function's": filesResource(queue, names.data, (attributes, stack) => {
      const deadLetterTargetArn = referenceTo(stack, queue, "catalog_DeadLetters", "arn");
      attributes.redrive_policy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 });
    }),
    "dead letters take from a queue more": filesResource(allow, "dataQueue_DeadLetters", (attributes) => {
      const { sourceQueueArns, ...rest } = JSON.parse(String(attributes.redrive_allow_policy));
      const more = [...sourceQueueArns, "arn:aws:sqs:us-east-1:111111111111:other"];
      attributes.redrive_allow_policy = JSON.stringify({ ...rest, sourceQueueArns: more });
    }),
    "dead letters take from another kind's queue": filesResource(allow, "dataQueue", (attributes, stack) => {
      attributes.redrive_allow_policy = resource(stack, allow, "imageQueue").redrive_allow_policy;
    }),
    "a second policy says whom dead letters take from": filesWith(allow, (stack) =>
      resource(stack, allow, "dataQueue"),
    ),
    "callers get no version that events could go back to": filesWithout("aws_lambda_alias", "catalog"),
    "the catalog has no dead letters": filesSetting(lambda, "catalog_Function", { dead_letter_config: undefined }),
  },
  aloneWith(["files"]),
);

describe("FIL-08 tap redrive --env dev", () => {
  const outdir = join(projectRoot, ".cache", "test-synth", "declared");
  const { stdout, exitCode } = tap(["redrive", "--env", "dev", "--json", "--outdir", outdir]);

  test("knows the dead letters of every kind, and where they belong", () => {
    expect(exitCode).toBe(0);
    const known = (JSON.parse(stdout) as { name: string; region: string; target: object }[]).filter(({ name }) =>
      name.startsWith("tap-files-"),
    );
    const deadLetters = (of: string, target: object) => ({
      name: `tap-files-${of}-dead-letters-dev-us-east-1`,
      region: "us-east-1",
      target,
    });
    const toQueue = (of: string) => deadLetters(of, { queueName: `tap-files-${of}-dev-us-east-1` });
    const toFunction = (of: string) =>
      deadLetters(of, { functionName: `tap-files-${of}-dev-us-east-1`, qualifier: "live" });
    expect(known).toEqual([
      toFunction("catalog"),
      toFunction("data"),
      toQueue("datasets"),
      toFunction("document"),
      toQueue("documents"),
      toFunction("image"),
      toQueue("images"),
    ]);
  });
});
