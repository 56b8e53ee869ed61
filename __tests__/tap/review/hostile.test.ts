import fc from "fast-check";
import { type Review, reviewJson, reviewMarkdown, reviewPlans, reviewText } from "../../../tap/review";
import { planned, planOf } from "./plans";

/** What breaks out of Markdown, HTML and terminals, in any order and number. */
const hostile = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
      fc.constantFrom(
        "`",
        "``",
        "```",
        "````",
        "~~~",
        "\n",
        "\r\n",
        "\n\n",
        "\n```\n",
        "</details>",
        "<details>",
        "</code>",
        "</summary>",
        "<!-- ",
        " -->",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "@octocat",
        "@org/team",
        "#1",
        "GH-1",
        "owner/name#2",
        "https://evil.example/x",
        "www.evil.example",
        "mail@evil.example",
        "[a](https://evil.example)",
        "![a](https://evil.example/a.png)",
        "|",
        "\\|",
        "\\",
        "**",
        "__",
        "# ",
        "- [x] ",
        "&lt;",
        "&#64;",
        "\u001b[31m",
        "\u001b]8;;https://evil.example\u0007",
        "\u009b31m",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\u0000",
        "\ud800",
        "“",
        "”",
        "$&",
        "$before",
        "$1",
        "__proto__",
        "constructor",
      ),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(""));

const secret = fc
  .array(fc.constantFrom(..."ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"), {
    minLength: 12,
    maxLength: 40,
  })
  .map((characters) => `zq${characters.join("")}`);

/** Everything that a plan's author has a hand in. */
const hostileReview = fc
  .record({ text: hostile, other: hostile, key: hostile, address: hostile, stack: hostile, error: hostile })
  .map(({ text, other, key, address, stack, error }) =>
    reviewPlans(
      [
        {
          stackId: stack,
          outdatedBy: [text, other],
          plan: {
            ...planOf(
              planned("aws_sqs_queue", { name: text, tags: { [key]: text } }, null, {
                address,
                previous_address: text,
              }),
              planned(
                "aws_glue_job",
                { name: text, arguments: { [key]: text } },
                { name: other, arguments: { [`${key}x`]: other } },
                { address: other },
              ),
              planned(
                "aws_iam_role_policy",
                { policy: "{}" },
                {
                  policy: JSON.stringify({
                    Statement: { Effect: "Allow", Principal: { AWS: text }, Action: other, Resource: key },
                  }),
                },
              ),
              planned("aws_instance", { ami: text }, { ami: other }, { type: text }, { actions: [text, other] }),
              planned(
                "aws_s3_bucket",
                { bucket: text },
                { bucket: other },
                {},
                { actions: ["delete", "create"], replace_paths: [["bucket", key]] },
              ),
              planned("aws_vpc_security_group_ingress_rule", null, {
                cidr_ipv4: "0.0.0.0/0",
                from_port: text,
                to_port: other,
                ip_protocol: key,
              }),
              planned(
                "aws_sns_topic",
                { name: text },
                { name: text },
                {},
                { actions: ["no-op"], importing: { id: text } },
              ),
            ),
            resource_drift: [planned("aws_sqs_queue", { [key]: text }, { [key]: other }, { address })],
            output_changes: { [key]: { actions: ["update"], before: text, after: other } },
            checks: [
              { address: { to_display: text }, status: "fail", instances: [{ problems: [{ message: other }] }] },
            ],
            action_invocations: [
              {
                address: text,
                type: other,
                lifecycle_action_trigger: { triggering_resource_address: key, action_trigger_event: text },
              },
            ],
            deferred_changes: [{ reason: text, resource_change: planned("aws_sqs_queue", null, { name: other }) }],
          },
        },
      ],
      {
        notes: [
          { stackId: `${stack}-failed`, error },
          { stackId: `${stack}-waiting`, waitingFor: [text, other] },
        ],
      },
    ),
  );

test("PLAT-08 hostile values stand in code alone in Markdown: outside of it, all is our own words", () => {
  fc.assert(
    fc.property(hostileReview, (review) => {
      const markdown = reviewMarkdown(review, { marker: "<!-- tap-review: dev -->" });
      const outside = withoutCode(markdown).replaceAll(/<code>[A-Za-z0-9 _&#;-]*<\/code>/g, "");
      expect(outside).not.toMatch(
        /[@#](?=[A-Za-z0-9])|https?:|www\.|GH-\d|evil|octocat|!\[|\]\(|&|script|img|onerror/i,
      );
      expect(outside.match(/<[^>]*>/g) ?? []).toEqual(
        (outside.match(/<[^>]*>/g) ?? []).filter((tag) => ownTags.has(tag)),
      );
      expect((outside.match(/<details>/g) ?? []).length).toBe((outside.match(/<\/details>/g) ?? []).length);
    }),
    { numRuns: 400 },
  );
});

const ownTags = new Set([
  "<details>",
  "</details>",
  "<summary>",
  "</summary>",
  "<code>",
  "</code>",
  "<!-- tap-review: dev -->",
]);

test("every row of the table has the columns of its head, whatever a stack is called", () => {
  fc.assert(
    fc.property(hostileReview, (review) => {
      const rows = reviewMarkdown(review)
        .split("\n")
        .filter((line) => line.startsWith("| "));
      for (const row of rows) expect((row.match(/\|/g) ?? []).length).toBe(6);
    }),
    { numRuns: 200 },
  );
});

/** All but the end of a line. */
const steering = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;

test("PLAT-08 nothing that steers a terminal or turns text around is in any output", () => {
  fc.assert(
    fc.property(hostileReview, (review) => {
      for (const output of outputsOf(review)) {
        expect(steering.exec(output)?.[0].codePointAt(0)?.toString(16)).toBeUndefined();
      }
    }),
    { numRuns: 300 },
  );
});

test("PLAT-08 what Terraform marks as sensitive is in no output, wherever else it stands", () => {
  fc.assert(
    fc.property(secret, secret, hostile, (before, after, text) => {
      const marks = { password: true, nested: [{ inner: true }], list: true };
      const side = (value: string) => ({
        password: value,
        nested: [{ inner: value, open: text }],
        list: [value],
        id: `${value}-id`,
        name: `x ${value} y`,
        policy: JSON.stringify({
          Statement: [{ Effect: "Allow", Action: `s3:${value}`, Principal: { AWS: value }, Resource: "*" }],
        }),
      });
      const changes = [
        planned("aws_db_instance", side(before), side(after), {}, { before_sensitive: marks, after_sensitive: marks }),
        planned(
          "aws_unknown_thing",
          null,
          side(after),
          { address: `aws_unknown_thing.It["${after}"]` },
          { after_sensitive: marks },
        ),
        planned(
          "aws_sqs_queue_policy",
          side(before),
          side(after),
          {},
          { before_sensitive: { ...marks, policy: true }, after_sensitive: { ...marks, policy: true } },
        ),
        planned("aws_secretsmanager_secret_version", side(before), null, {}, { before_sensitive: true }),
        planned("aws_x", side(before), side(after), {}, { before_sensitive: true, after_sensitive: true }),
      ];
      const plan = {
        ...planOf(...changes),
        resource_drift: changes,
        output_changes: {
          all: {
            actions: ["update"],
            before: { a: before },
            after: { a: after },
            before_sensitive: { a: true },
            after_sensitive: { a: true },
          },
        },
      };
      for (const output of outputsOf(reviewPlans([{ stackId: "stack", plan }]))) {
        expect(output).not.toContain(before);
        expect(output).not.toContain(after);
      }
    }),
    { numRuns: 200 },
  );
});

test("PLAT-08 what Terraform marks as sensitive is not shown, however short", () => {
  const marks = { pin: true, flag: true, count: true };
  const change = planned(
    "aws_glue_job",
    { pin: "7391", flag: true, count: 7392 },
    { pin: "7393", flag: false, count: 7394 },
    {},
    { before_sensitive: marks, after_sensitive: marks },
  );
  for (const output of outputsOf(reviewPlans([{ stackId: "stack", plan: planOf(change) }])))
    expect(output).not.toMatch(/739\d/);
});

test.each([
  ["an access key", "id", "AKIAIOSFODNN7EXAMPLE"],
  ["a token", "note", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"],
  ["a password by its name", "db_password", "correct-horse"],
  ["a password within a text", "options", "host=db password=correct-horse"],
  ["a private key", "body", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"],
  ["a key of for_each", "name", "plain"],
])("PLAT-08 what looks like a secret is not shown, though nobody marked it: %s", (_, name, value) => {
  const key = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
  const review = reviewPlans([
    {
      stackId: "stack",
      plan: planOf(
        planned(
          "aws_glue_job",
          { [name]: "x" },
          { [name]: value, body_json: JSON.stringify({ [name]: value }) },
          { address: `aws_glue_job.It["${key}"]` },
        ),
      ),
    },
  ]);
  for (const output of outputsOf(review)) {
    expect(output).not.toContain(key);
    if (value !== "plain") expect(output).not.toContain(value.split("\n")[0]);
  }
});

function outputsOf(review: Review): string[] {
  return [reviewJson(review), reviewMarkdown(review), reviewText(review)];
}

/** As CommonMark reads it: fenced blocks first, then runs of backticks up to the next run of the same length on the line. */
function withoutCode(markdown: string): string {
  const kept: string[] = [];
  let fence = "";
  for (const line of markdown.split("\n")) {
    const run = /^(`{3,})/.exec(line)?.[1] ?? "";
    if (fence === "" && run !== "" && !line.slice(run.length).includes("`")) fence = run;
    else if (fence !== "" && run.length >= fence.length && line.trim() === run) fence = "";
    else if (fence === "") kept.push(line);
  }
  expect(fence).toBe("");
  return kept.map(withoutSpans).join("\n");
}

function withoutSpans(line: string): string {
  let rest = line;
  let outside = "";
  for (let run = /`+/.exec(rest); run !== null; run = /`+/.exec(rest)) {
    const behind = rest.slice(run.index + run[0].length);
    const end = new RegExp(`(?<!\`)${run[0]}(?!\`)`).exec(behind);
    outside += rest.slice(0, run.index);
    expect(end).not.toBeNull();
    rest = behind.slice((end?.index ?? 0) + run[0].length);
  }
  return outside + rest;
}
