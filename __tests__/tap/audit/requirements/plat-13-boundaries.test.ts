import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf, subjectOf } from "../../../support/synthesized";
import { adding, bootstrap, changing, policy, without } from "./mutations";

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

/** Allowed where the account's environments are, as all that a boundary allows on everything. */
const nearby =
  (sid: string, action: string): Change =>
  (statements) => {
    const { Condition } = statements.find(({ Sid }) => Sid === sid) ?? {};
    if (Condition === undefined) throw new Error(`There is no statement ${sid} with a condition`);
    return adding({ Action: [action], Resource: ["*"], Condition })(statements);
  };

const openings = (
  boundary: string,
  sid: string,
  mutate: (change: Change) => Mutation,
  actions: readonly string[],
): Record<string, Mutation> =>
  Object.fromEntries(
    actions.map((action) => [`the ${boundary} boundary allows ${action}`, mutate(nearby(sid, action))] as const),
  );

/** Statements on everything: where they may be used is all that limits them. */
const onEverything: readonly (readonly [string, (change: Change) => Mutation])[] = [
  ["ProjectServices", deploy],
  ["GlobalServices", deploy],
  ["WithoutResources", workload],
  ["NamesOfBuckets", workload],
];

/** What a statement's condition becomes, in the words that finish "it is allowed …". */
const elsewhere: Readonly<Record<string, (regions: readonly string[]) => object | undefined>> = {
  everywhere: () => undefined,
  "in a region more": (regions) => ({ StringEquals: { "aws:RequestedRegion": [...regions, "eu-west-1"] } }),
  "in regions by a pattern": () => ({ StringLike: { "aws:RequestedRegion": "us-*" } }),
  "where nobody says a region": (regions) => ({ StringEqualsIfExists: { "aws:RequestedRegion": regions } }),
  "everywhere else": (regions) => ({ StringNotEquals: { "aws:RequestedRegion": regions } }),
};

const roaming = onEverything.flatMap(([sid, mutate]) =>
  Object.entries(elsewhere).map(([where, conditionOf]): [string, Mutation] => [
    `what ${sid} says is allowed ${where}`,
    mutate(
      changing(sid, ({ Condition }) => ({
        Condition: conditionOf([Condition?.StringEquals?.["aws:RequestedRegion"] ?? []].flat()),
      })),
    ),
  ]),
);

prove(
  plat13,
  {
    ...Object.fromEntries(holes),
    ...Object.fromEntries(roaming),
    "the deploy boundary lacks a region": deploy(
      changing("ProjectServices", () => ({ Condition: { StringEquals: { "aws:RequestedRegion": "us-west-2" } } })),
    ),
    ...openings("deploy", "ProjectServices", deploy, [
      "*",
      "*:*",
      "iam:*",
      "iam:CreateUser",
      "organizations:*",
      "sts:*",
    ]),
    ...openings("workload", "WithoutResources", workload, [
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

prove(
  plat13,
  {
    "all services can be used in us-east-1, where the environment isn't": deploy(
      changing("GlobalServices", ({ Action = [] }) => ({ Action: [...Action, "ec2:*"] })),
    ),
    "all services can be used in us-east-1, where the environment is too": deploy(
      changing("ProjectServices", () => ({
        Condition: { StringEquals: { "aws:RequestedRegion": ["us-east-1", "us-east-2", "us-west-2"] } },
      })),
    ),
  },
  { environments: ["staging"] },
);
