import { leavesOf } from "../../graph/leaves";
import type { Graph, GraphNode } from "../../graph/model";
import { isObject } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, judgeResources, knownValue, type Rule } from "../rule";
import { secretIn } from "../sensitive-text";

/** A key as AWS's own documentation shows it. */
const exampleKey = "AKIAIOSFODNN7EXAMPLE";

/** Attributes that hold a secret by themselves, whatever it looks like; those of databases and Secrets Manager have rules of their own. */
const secretAttributes: Readonly<Record<string, readonly string[]>> = {
  aws_api_gateway_api_key: ["value"],
  aws_cognito_identity_provider: ["provider_details.client_secret"],
  aws_directory_service_directory: ["password"],
  aws_dms_endpoint: ["password"],
  aws_elasticache_replication_group: ["auth_token"],
  aws_iam_user_login_profile: ["password"],
  aws_mq_broker: ["user.password"],
  aws_opensearch_domain: ["advanced_security_options.master_user_options.master_user_password"],
};

/** Outputs whose resources hide what they give out. */
const secretOutputs =
  /\$\{(?:nonsensitive\()?(?:aws_iam_access_key\.[\w-]+(?:\[[^\]]*\])?\.(?:secret|ses_smtp_password_v4)|random_password\.[\w-]+(?:\[[^\]]*\])?\.(?:result|bcrypt_hash)|tls_private_key\.[\w-]+(?:\[[^\]]*\])?\.private_key_\w+|(?:data\.)?aws_secretsmanager_secret_version\.[\w-]+(?:\[[^\]]*\])?\.secret_(?:string|binary)|aws_(?:db_instance|rds_cluster|redshift_cluster)\.[\w-]+(?:\[[^\]]*\])?\.(?:master_)?password)\b/;

/** Secrets in the configuration, which everyone reads who reads the repository or the state. */
export const sensitiveRules: readonly Rule[] = [
  {
    id: "sensitive-output",
    title: "Outputs give no secret out",
    severity: "high",
    why: "Outputs are in the state, in logs of runs, and in every configuration that reads them.",
    fix: "Put the secret into Secrets Manager, and give out its ARN.",
    references: [],
    examples: {
      failing: { output: { key: { value: exampleKey } } },
      passing: { output: { key_arn: { value: "arn:aws:secretsmanager:us-east-1:111111111111:secret:key-AbCdEf" } } },
    },
    judge: (graph) =>
      graph.stacks.flatMap(({ id, outputs }) =>
        Object.entries(outputs).flatMap(([name, value]): Finding[] => {
          const leaves = leavesOf({ [name]: value });
          const passesOn = leaves.find(({ text }) => secretOutputs.test(text));
          const problems = [
            ...leaves.flatMap(({ text, path }) => wordsOf(secretIn(lastName(path), text))),
            ...(passesOn === undefined ? [] : ["a secret of another resource"]),
          ];
          return problems
            .slice(0, 1)
            .map((what) => ({ stack: id, address: `output.${name}`, message: `must not give out ${what}` }));
        }),
      ),
  },
  {
    id: "sensitive-tags",
    title: "Tags hold no secret",
    severity: "high",
    why: "Tags are in bills, reports and lists that many more people read than the resource itself.",
    fix: "Take the tag away, and change the secret: it was shown.",
    references: ["https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"],
    examples: {
      failing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", tags: { Key: exampleKey } } } } },
      passing: { resource: { aws_sqs_queue: { Jobs: { name: "jobs", tags: { Owner: "platform-team" } } } } },
    },
    judge: (graph) =>
      graph.nodes.filter(({ mode }) => mode === "managed").flatMap((node) => findings(node, tagProblems(node))),
  },
  {
    id: "sensitive-parameter",
    title: "Parameters of Parameter Store that hold a secret are encrypted",
    severity: "high",
    why: "Whoever may read parameters reads it, and it is in the state and in plans in plain text.",
    fix: "Use the type SecureString with value_wo, or Secrets Manager; write the value from elsewhere than the configuration.",
    references: ["https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html"],
    examples: {
      failing: { resource: { aws_ssm_parameter: { Key: { name: "/shop/key", type: "String", value: exampleKey } } } },
      passing: {
        resource: { aws_ssm_parameter: { Key: { name: "/shop/key", type: "SecureString", value: "${var.key}" } } },
      },
    },
    judge: judgeResources("aws_ssm_parameter", (node) => {
      return ["value", "insecure_value"].flatMap((attribute) => {
        const value = node.attributes[attribute];
        if (typeof value !== "string") return [];
        // What only its name calls a secret, and what is encrypted, are other rules'.
        const what = secretIn("", value);
        const passesOn = secretOutputs.test(value) && node.attributes.type !== "SecureString";
        if (what === undefined && !passesOn) return [];
        return [`must not hold ${passesOn ? "a secret of another resource in plain text" : what} in ${attribute}`];
      });
    }),
  },
  {
    id: "sensitive-literal",
    title: "Passwords and keys aren't written into the configuration",
    severity: "critical",
    why: "Everyone who reads the repository, a plan or the state can use it, and it is in the repository's history for ever.",
    fix: "Let AWS make it, as it makes API keys, or pass it by an ephemeral value and a write-only argument.",
    references: [],
    examples: {
      failing: {
        resource: {
          aws_mq_broker: { Jobs: { broker_name: "jobs", user: { username: "jobs", password: "correct horse" } } },
        },
      },
      passing: {
        resource: {
          aws_mq_broker: { Jobs: { broker_name: "jobs", user: { username: "jobs", password: "${var.password}" } } },
        },
      },
    },
    judge: (graph) =>
      Object.entries(secretAttributes).flatMap(([type, ways]) =>
        graph.ofType(type).flatMap((node) =>
          leavesOf(node.attributes)
            // JSON in a text has ways of its own below it.
            .filter(({ way }) => ways.some((each) => way === each || way.startsWith(`${each}.`)))
            .filter(({ text }) => isGiven(graph, node, text))
            .flatMap(({ path }) => findings(node, [`must not have the text of ${path} in the configuration`])),
        ),
      ),
  },
];

function wordsOf(what: string | undefined): string[] {
  return what === undefined ? [] : [what];
}

function tagProblems({ attributes }: GraphNode): string[] {
  const tags = [attributes.tags, attributes.tags_all].flatMap((each) => (isObject(each) ? Object.entries(each) : []));
  const [found] = tags.flatMap(([name, value]) =>
    typeof value === "string" ? wordsOf(secretIn(name, value)).map((what) => ({ name, what })) : [],
  );
  return found === undefined ? [] : [`must not hold ${found.what} in its tag ${found.name}`];
}

/** Whether a secret's text is there: as written, or as the configuration determines it. */
function isGiven(graph: Graph, node: GraphNode, text: string): boolean {
  const known = knownValue(graph, node, text);
  return typeof known === "string" && known.trim() !== "" && !/^(\*+|<[^>]*>|\{\{.*\}\})$/.test(known.trim());
}

/** `db_password` of `settings[0].db_password`. */
function lastName(way: string): string {
  return /([^.[\]]+)(?:\[\d+\])*$/.exec(way)?.[1] ?? way;
}
