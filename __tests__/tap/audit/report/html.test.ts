import { createHash } from "node:crypto";
import { Script } from "node:vm";
import fc from "fast-check";
import { htmlReport } from "../../../../tap/audit/report/html";
import type { PageData } from "../../../../tap/audit/report/page-data";
import { pageScript } from "../../../../tap/audit/report/script";
import type { StackSource } from "../../../../tap/graph/configuration";
import { betweenLinearAndQuadratic, growth } from "../../../support/growth";
import { findingsOf, high, resultOf } from "./results";

/* The page as a file; page.test.ts looks at it in a browser. */

const sourcesOf = (name: string): StackSource[] => [
  { id: "files", json: { resource: { aws_s3_bucket: { [name]: { bucket: name } } } } },
];

const page = htmlReport(resultOf(), sourcesOf("Uploads"));

const dataOf = (html: string) =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? "") as PageData;

test("a browser may load nothing, and run just the code and the style that are in it", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
  const hash = (text = "") => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  expect(policy.split("; ")).toEqual([
    "default-src 'none'",
    `script-src ${hash(/<script>(.*?)<\/script>/s.exec(page)?.[1])}`,
    `style-src ${hash(/<style>(.*?)<\/style>/s.exec(page)?.[1])}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  // A browser heeds it from where it stands.
  expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.search(/<(style|script|link)/));
});

test("names nothing outside, but pages to read", () => {
  const withoutData = page.replace(/<script type="application\/json".*?<\/script>/s, "");
  expect(withoutData.match(/https?:\/\/[^"'\s)]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
  expect(withoutData).not.toMatch(/\b(src|href)="(?!data:|#)/);
  expect(withoutData).not.toMatch(/\bfetch\(|XMLHttpRequest|import\(|sendBeacon|WebSocket|@import|url\((?!#)/);
});

test("its code can be read by a browser, and writes no markup", () => {
  expect(() => new Script(pageScript)).not.toThrow();
  expect(pageScript).not.toMatch(/<\/script|<!--/i);
  expect(pageScript).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
});

const hostile = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "]]><img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "\u2028\u2029\ud800",
  "${alert(1)}`",
  "__proto__",
  "$& $' $`",
];

test.each(hostile)("the name %j stays a name", (name) => {
  const finding = { stack: "files", address: `aws_s3_bucket.${name}`, message: name };
  const result = resultOf({ findings: findingsOf({ ...high, title: name }, finding), notes: [name] });
  const html = htmlReport(result, sourcesOf(name));
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/script/g)).toHaveLength(2);
  expect(html.match(/<!--|<img|<svg/g) ?? []).toEqual([]);
  const data = dataOf(html);
  expect(data.findings.map(({ message }) => message)).toEqual([name]);
  expect(data.notes).toEqual([name]);
});

test("no text ends the data early", () => {
  const parts = fc.constantFrom("<", "/", "script", ">", "!--", "-->", "&", "\\", '"', "u003c", " ", "\u2028");
  fc.assert(
    fc.property(
      fc.array(parts).map((all) => all.join("")),
      (text) => {
        const html = htmlReport(
          resultOf({ notes: [], findings: findingsOf(high, { stack: text, message: text }) }),
          [],
        );
        expect(dataOf(html).findings[0]?.message).toBe(text);
        expect(html.match(/<\/?script/g)).toHaveLength(4);
      },
    ),
    { numRuns: 30 },
  );
});

test("says how many findings there are, also without code", () => {
  expect(page).toContain("<title>4 findings: tap audit</title>");
  expect(page).toContain("<p>4 findings (1 critical, 2 high, 1 low), 1 acknowledged (until 2026-12-31):");
  expect(htmlReport(resultOf({ findings: [] }), [])).toContain("<h1>No finding</h1>");
});

describe("with thousands of resources, and as many findings", () => {
  const auditOf = (count: number, run = 0) => {
    const names = Array.from({ length: count / 3 }, (_, at) => `Jobs_Worker_Queue_${run}${at}_0A1B2C3D`);
    const block = (make: (name: string) => object) =>
      Object.fromEntries(names.map((name) => [name, make(name)])) as Record<string, Record<string, unknown>>;
    const resource = {
      aws_sqs_queue: block(() => ({ kms_master_key_id: "${aws_kms_key.Key.arn}" })),
      aws_sqs_queue_policy: block((name) => ({
        queue_url: `\${aws_sqs_queue.${name}.url}`,
        policy: `\${aws_sqs_queue.${name}.arn}`,
      })),
      aws_cloudwatch_metric_alarm: block((name) => ({ dimensions: { QueueName: `\${aws_sqs_queue.${name}.name}` } })),
      aws_kms_key: { Key: {} },
    };
    const message = "must have something on that isn't what it should be (it has Suspended)";
    const findings = findingsOf(
      high,
      ...Object.entries(resource).flatMap(([type, all]) =>
        Object.keys(all).map((name) => ({ stack: "files", address: `${type}.${name}`, message })),
      ),
    );
    return { findings, resource };
  };
  const reportOf = ({ findings, resource }: ReturnType<typeof auditOf>) =>
    htmlReport(resultOf({ findings }), [{ id: "files", json: { resource } }]);

  test("is small", () => {
    const html = reportOf(auditOf(3_000));
    expect(html.length).toBeLessThan(1_500_000);
    expect(dataOf(html).stacks[0]?.references).toHaveLength(4_000);
  });

  test("is made in nearly linear time", () => {
    const grown = growth({ size: 600, times: 8, make: auditOf, work: reportOf });
    expect(grown).toBeLessThan(betweenLinearAndQuadratic(8));
  });
});

test("is the same for the same", () => {
  expect(htmlReport(resultOf(), sourcesOf("Uploads"))).toBe(page);
});
