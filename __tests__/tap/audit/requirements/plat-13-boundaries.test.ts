import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf, subjectOf } from "../../../support/synthesized";
import { adding, allowing, bootstrap, changing, policy, without } from "./mutations";

type Change = Parameters<typeof policy>[3];

const deploy = (change: Change): Mutation => policy("aws_iam_policy", "deploy-boundary", "policy", change);
const workload = (change: Change): Mutation => policy("aws_iam_policy", "workload-boundary", "policy", change);

/** What each denial of the deploy boundary is about, in the words that finish "it lets …". */
const denials: Readonly<Record<string, string>> = {
  ApiGatewayLogRoleStays: "API Gateway's log role be changed",
  BackupSettingsStay: "the account's backup settings be changed",
  BootstrapBucketsStay: "bootstrap's buckets be changed",
  BootstrapKeysStay: "bootstrap's keys be changed",
  BootstrapLocksStay: "bootstrap's locks be taken",
  BootstrapOutputsStay: "bootstrap's outputs be changed",
  BootstrapRolesStay: "bootstrap's roles be changed",
  BootstrapStateStays: "bootstrap's state be changed",
  BoundariesStay: "boundaries be taken off",
  ForeignKeysStay: "any key be tagged as the project's",
  LockTableStays: "the lock table be changed",
  NoForeignRoles: "any role be assumed",
  RolesOnlyUnderTheBoundary: "roles be made outside the workload boundary",
  StateBucketStays: "the state bucket be changed",
  VersionsOfStateStay: "versions of states be removed",
};

const holes = Object.entries(denials).flatMap(([sid, what]): [string, Mutation][] => [
  [`the deploy boundary lets ${what}`, deploy(without(sid))],
  [`the deploy boundary allows where it denies: ${sid}`, deploy(changing(sid, () => ({ Effect: "Allow" })))],
  [
    `the deploy boundary denies less: ${sid}`,
    deploy(changing(sid, ({ Action = [] }) => ({ Action: ["cloudtrail:StopLogging", ...Action.slice(1)] }))),
  ],
  [
    `the deploy boundary denies it for nothing that there is: ${sid}`,
    deploy(
      changing(sid, ({ NotResource }) =>
        NotResource ? { NotResource: ["*"] } : { Resource: ["arn:aws:s3:::nothing"] },
      ),
    ),
  ],
  [
    `the deploy boundary denies it under a further condition: ${sid}`,
    deploy(changing(sid, ({ Condition }) => ({ Condition: { ...Condition, Bool: { "aws:ViaAWSService": "true" } } }))),
  ],
]);

test.each(["dev", "staging", "prod"])("every denial of the deploy boundary is mutated, in %s", (environment) => {
  const { policy: json } = resource(
    stackOf(subjectOf(environment), environment, "bootstrap"),
    "aws_iam_policy",
    "deploy-boundary",
  );
  const { Statement } = JSON.parse(String(json)) as { Statement: { Sid: string; Effect: string }[] };
  expect(
    Statement.filter(({ Effect }) => Effect === "Deny")
      .map(({ Sid }) => Sid)
      .sort(),
  ).toEqual(Object.keys(denials).sort());
});

const openings = (boundary: string, mutate: (change: Change) => Mutation, actions: readonly string[]) =>
  Object.fromEntries(
    actions.map((action) => [`the ${boundary} boundary allows ${action}`, mutate(allowing(action, ["*"]))] as const),
  );

prove(
  plat13,
  {
    ...Object.fromEntries(holes),
    ...openings("deploy", deploy, ["*", "*:*", "iam:*", "iam:CreateUser", "organizations:*", "sts:*"]),
    ...openings("workload", workload, [
      "*",
      "*:*",
      "iam:PassRole",
      "kms:*",
      "kms:CreateGrant",
      "kms:PutKeyPolicy",
      "organizations:LeaveOrganization",
      "s3:GetObject",
      "sts:AssumeRole",
    ]),
    "the deploy boundary allows everything, without a list": deploy(adding({ Action: "*", Resource: "*" })),
    "the workload boundary allows everything, without a list": workload(adding({ Action: "*", Resource: "*" })),
    "the workload boundary allows all but some": workload(adding({ NotAction: ["ec2:*"], Resource: ["*"] })),
    "the workload boundary allows others' objects": workload(
      adding({ Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::tap-*"] }),
    ),
    "the workload boundary allows objects of any bucket": workload(
      changing("OwnObjects", () => ({ Resource: ["arn:aws:s3:::*"] })),
    ),
    "the workload boundary lets states be read": workload(without("NoState")),
    "the workload boundary lets the lock table be read": workload(
      changing("NoState", ({ Resource = [] }) => ({ Resource: Resource.filter((arn) => !arn.includes(":table/")) })),
    ),
    "there is no workload boundary": bootstrap((stack) => {
      delete stack.json.resource?.aws_iam_policy?.["workload-boundary"];
    }),
    "the deploy boundary is no literal JSON": bootstrap((stack) => {
      resource(stack, "aws_iam_policy", "deploy-boundary").policy = "${data.aws_iam_policy_document.Other.json}";
    }),
  },
  { environments: ["dev", "staging", "prod"] },
);
