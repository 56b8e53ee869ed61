import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { audit } from "../../../../tap/audit/audit";
import { htmlReport } from "../../../../tap/audit/report/html";
import { defaultSettings } from "../../../../tap/audit/rule";
import type { StackSource } from "../../../../tap/graph/configuration";
import { projectRoot } from "../../../support/project";
import { loudlySkipped } from "../../../support/skipped";
import { subjectOf } from "../../../support/synthesized";
import { findingsOf, high, resultOf } from "./results";

/* The page in Chromium, from a file, as its readers open it. */

/** What these tests use of puppeteer-core: what is evaluated is text, because the project loads no types of browsers. */
interface Page {
  setViewport(size: { width: number; height: number }): Promise<void>;
  goto(url: string): Promise<unknown>;
  on(event: string, listener: (value: { url?(): string; message?: string; text?(): string }) => void): void;
  evaluate(expression: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  select(selector: string, value: string): Promise<unknown>;
  keyboard: { press(key: string): Promise<void> };
  goBack(): Promise<unknown>;
  emulateMediaType(type: string): Promise<void>;
  setOfflineMode(isOffline: boolean): Promise<void>;
  setJavaScriptEnabled(isEnabled: boolean): Promise<void>;
  emulateMediaFeatures(features: { name: string; value: string }[]): Promise<void>;
  close(): Promise<void>;
}
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Chromium {
  readonly args: string[];
  executablePath(): Promise<string>;
}

function installed<T>(name: string): T | undefined {
  try {
    const loaded = require(name) as { default?: T } & T;
    return loaded.default ?? loaded;
  } catch {
    return undefined;
  }
}

const chromium = installed<Chromium>("@sparticuz/chromium");
const puppeteer = installed<{ launch(options: object): Promise<Browser> }>("puppeteer-core");

/** Why there is no browser here: the package has one for Linux on x86-64, which needs some libraries of the system. */
function whyNot(): string | undefined {
  if (!chromium || !puppeteer) return "@sparticuz/chromium and puppeteer-core aren't installed";
  if (process.platform !== "linux" || process.arch !== "x64")
    return `@sparticuz/chromium has no Chromium for ${process.platform} on ${process.arch}`;
  const code = `import chromium from "@sparticuz/chromium"; import { execFileSync } from "node:child_process";
    execFileSync(await chromium.executablePath(), ["--version"]);`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  return status === 0 ? undefined : `Chromium can't be started here:\n${stderr}`;
}

const reason = whyNot();
const inChromium = reason === undefined ? describe : loudlySkipped(`the audit's page in a browser: ${reason}`);

const hostile = '"><img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>';

const sources: StackSource[] = [
  {
    id: "files",
    json: {
      resource: {
        aws_s3_bucket: { Uploads: { bucket: "uploads" }, Logs: { bucket: "logs" }, [hostile]: { bucket: hostile } },
        aws_s3_bucket_logging: {
          Logging: { bucket: "${aws_s3_bucket.Uploads.id}", target_bucket: "${aws_s3_bucket.Logs.id}" },
        },
      },
    },
  },
  { id: "jobs", json: { resource: { aws_sqs_queue: { Jobs: { name: "jobs" } } } } },
];

const result = resultOf();
const folder = mkdtempSync(join(tmpdir(), "tap-test-"));

function pageOf(name: string, html: string): string {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, html);
  return path;
}

const file = pageOf(
  "audit",
  htmlReport(
    {
      ...result,
      findings: [
        ...result.findings,
        ...findingsOf(
          { ...high, id: "hostile", title: hostile },
          { stack: "files", address: `aws_s3_bucket.${hostile}`, message: hostile },
        ),
      ],
      notes: [hostile],
    },
    sources,
  ),
);

/** Lines that are drawn between resources, however many paths they are in. */
const lineCount = `[...document.querySelectorAll(".lines")]
  .reduce((sum, each) => sum + (each.getAttribute("d").match(/M/g) ?? []).length, 0)`;

/** The same planted in every environment: messages come back long before they are handled. */
const planted = {
  rule: "lambda-source-visibility",
  address: "aws_sqs_queue.Queue_C399BAB1",
  stacks: ["tap-jobs-dev-us-east-1", "tap-jobs-prod-us-east-1", "tap-jobs-staging-us-east-2"],
};

/** Pages of this project's own three environments, with and without findings. */
function ownPages(): { file: string; good: string } {
  const { stacks } = subjectOf("dev");
  const ownSources = stacks.map(({ id, json }) => {
    const queue = json.resource?.aws_sqs_queue?.[planted.address.split(".")[1] ?? ""];
    if (queue !== undefined) queue.visibility_timeout_seconds = 7;
    // More findings and rules than are open at once.
    for (const each of Object.values(json.resource?.aws_kms_key ?? {})) each.enable_key_rotation = false;
    for (const each of Object.values(json.resource?.aws_lambda_function ?? {})) delete each.tracing_config;
    return { id, json };
  });
  const request = { settings: defaultSettings, acknowledgements: [], today: "2026-03-01" };
  const found = audit({ sources: ownSources, ...request });
  return {
    file: pageOf("own", htmlReport(found, ownSources)),
    good: pageOf("good", htmlReport({ ...found, findings: [] }, ownSources)),
  };
}

inChromium("the page", () => {
  const own = { file: "", good: "" };

  let browser: Browser;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    Object.assign(own, ownPages());
    const executablePath = await chromium?.executablePath();
    browser = (await puppeteer?.launch({ executablePath, args: chromium?.args, headless: "shell" })) as Browser;
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    trouble = [];
    page = await browser.newPage();
    page.on("pageerror", ({ message }) => trouble.push(`error: ${message}`));
    page.on("console", (line) => trouble.push(`console: ${line.text?.()}`));
    page.on("request", (request) => {
      const url = request.url?.() ?? "";
      if (!/^(data|about):/.test(url) && !url.startsWith(pathToFileURL(folder).href)) trouble.push(`request: ${url}`);
    });
    await page.setOfflineMode(true);
    await open();
  });

  afterEach(async () => {
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(trouble).toEqual([]);
    await page.close();
  });

  /** Loaded anew, also where only the part after `#` is another. */
  const open = async (hash = "", width = 1440, path = file) => {
    await page.setViewport({ width, height: 900 });
    await page.goto("about:blank");
    await page.goto(`${pathToFileURL(path).href}${hash}`);
  };
  const texts = (selector: string) =>
    page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((each) => each.textContent)`);
  const count = (selector: string) => page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const visible = () => page.evaluate(`document.querySelector("[role=tabpanel]:not([hidden])").id`);

  test("shows findings by rule, the worst first", async () => {
    expect(await texts("#list-findings .title code")).toEqual([
      "sqs-policy-everyone",
      "hostile",
      "s3-bucket-versioning",
      "alarm-missing-data",
    ]);
    expect(await texts("#list-findings .message")).toContain("must have versioning on (it has Suspended)");
    expect(await texts(".top p")).toContain(hostile);
  });

  test("searches, and filters by severity, rule and stack", async () => {
    await page.type("#search", "suspended");
    expect(await count("#list-findings .rows li")).toBe(1);
    await page.click("#clear");
    await page.click('.chips button[value="low"]');
    expect(await texts("#list-findings .title code")).toEqual(["alarm-missing-data"]);
    await page.click('.chips button[value="low"]');
    await page.select("#stack", "jobs");
    expect(await count("#list-findings .card")).toBe(2);
    await page.select("#rule", "sqs-policy-everyone");
    expect(await count("#list-findings .card")).toBe(1);
    await page.type("#search", "nothing of the kind");
    expect(await texts("#list-findings h2")).toEqual(["No finding fits"]);
    expect(await page.evaluate("location.hash")).toMatch(/search=nothing\+of\+the\+kind.*rule=sqs.*stack=jobs/);
  });

  test("a finding leads to its resource in the graph, and back", async () => {
    await page.type("#search", "suspended");
    await page.click("#list-findings .place");
    expect(await visible()).toBe("view-stacks");
    expect(await texts(".node.chosen title")).toEqual(["aws_s3_bucket.Uploads"]);
    expect(await texts("#side h3")).toEqual(["1 finding", "Referred to by 1"]);
    await page.click("#side .links button");
    expect(await texts(".node.chosen title")).toEqual(["aws_s3_bucket_logging.Logging"]);
    expect(await count(".over path.out")).toBe(2);
    await page.goBack();
    expect(await texts(".node.chosen title")).toEqual(["aws_s3_bucket.Uploads"]);
    await page.goBack();
    expect(await visible()).toBe("view-findings");
  });

  test("draws each stack: every resource, every reference, badges with findings", async () => {
    await open("#view=stacks&stack=files");
    expect(await count(".node")).toBe(4);
    expect(await page.evaluate(lineCount)).toBe(2);
    expect(await count(".badge")).toBe(2);
    await page.select("#stack", "jobs");
    expect(await texts(".node title")).toEqual(["aws_sqs_queue.Jobs"]);
    await page.click(".node");
    expect(await texts("#side h2")).toEqual(["Jobs"]);
    await page.keyboard.press("Escape");
    expect(await texts("#side h2")).toEqual(["jobs"]);
  });

  test("is used by keyboard alone", async () => {
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement.id")).toBe("search");
    await page.evaluate(`document.getElementById("tab-findings").focus()`);
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate("document.activeElement.id")).toBe("tab-stacks");
    await page.evaluate(
      `[...document.querySelectorAll(".node")].find((each) => each.textContent.includes("Logging")).focus()`,
    );
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate("document.activeElement.querySelector('title').textContent")).toMatch(
      /^aws_s3_bucket\./,
    );
    await page.keyboard.press("Enter");
    expect(await count(".node.chosen")).toBe(1);
    expect(await count('.node[tabindex="0"]')).toBe(1);
  });

  test("finds resources by name, and goes from one to the next", async () => {
    await open("#view=stacks&stack=files");
    await page.type("#search", "s3_bucket log");
    expect(await count(".node.near")).toBe(2);
    await page.keyboard.press("Enter");
    const first = await texts(".node.chosen title");
    await page.keyboard.press("Enter");
    expect(await texts(".node.chosen title")).not.toEqual(first);
  });

  test("lists all rules, and who answers for what is acknowledged", async () => {
    await page.click("#tab-rules");
    expect(await texts("#list-rules .holds")).toEqual(["✓ holds"]);
    await page.click("#tab-acknowledged");
    expect(await texts("#list-acknowledged .answer")).toEqual([
      "The log service writes each object once and never againplatform-team, until 2026-12-31",
    ]);
  });

  test.each(["light", "dark"])("has the contrast that WCAG's AA asks for, %s", async (scheme) => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const hash of [
      "",
      "#view=stacks&stack=files&node=aws_s3_bucket.Uploads",
      "#view=rules",
      "#view=acknowledged",
    ]) {
      await open(hash);
      expect(await page.evaluate(faint)).toEqual([]);
    }
  });

  test("everything that is pressed or filled in has a name, and ids are unique", async () => {
    for (const hash of ["", "#view=stacks&stack=files", "#view=rules", "#view=acknowledged"]) {
      await open(hash);
      expect(
        await page.evaluate(`[...document.querySelectorAll("button, input, select, [role=button], [role=tabpanel]")]
          .filter((each) => !(each.getAttribute("aria-label") ?? each.getAttribute("aria-labelledby") ?? each.textContent).trim())
          .map((each) => each.outerHTML.slice(0, 80))`),
      ).toEqual([]);
      expect(
        await page.evaluate(`(() => { const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
          return ids.filter((id, at) => ids.indexOf(id) !== at); })()`),
      ).toEqual([]);
    }
  });

  test("fits on a telephone: nothing sticks out", async () => {
    for (const path of [file, own.file])
      for (const hash of ["", "#view=stacks", "#view=rules", "#view=acknowledged"]) {
        await open(hash, 390, path);
        expect(
          await page.evaluate(`[...document.querySelectorAll("html, .list:not([hidden]), .tabs, #side")]
          .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.className || each.tagName)`),
        ).toEqual([]);
      }
  });

  test("a link leads to the same: the address has filter and resource", async () => {
    await page.type("#search", "suspended");
    await page.click('.chips button[value="high"]');
    const hash = String(await page.evaluate("location.hash"));
    await open(hash);
    expect(await page.evaluate(`document.getElementById("search").value`)).toBe("suspended");
    expect(await count('.chips button[aria-pressed="true"]')).toBe(1);
    expect(await count("#list-findings .rows li")).toBe(1);
  });

  test("changes between light and dark by hand", async () => {
    const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    const dark = await ground();
    await page.click("#theme");
    const light = await ground();
    await page.click("#theme");
    expect([light === dark, await ground()]).toEqual([false, dark]);
  });

  test("on paper all of what is shown is open, and nothing is there to be pressed", async () => {
    await open("", 1440, own.file);
    expect(await count("#list-findings details:not([open])")).toBeGreaterThan(0);
    for (const _ of ["light", "dark"]) await page.click("#theme");
    await page.emulateMediaType("print");
    await page.evaluate(`window.dispatchEvent(new Event("beforeprint"))`);
    expect(await count("#list-findings details:not([open])")).toBe(0);
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))");
    const scheme = () => page.evaluate("getComputedStyle(document.documentElement).colorScheme");
    expect(await scheme()).toBe("light");
    await page.evaluate(`window.dispatchEvent(new Event("afterprint"))`);
    expect(await scheme()).toBe("dark");
    expect(await count("#list-findings .fix, #list-findings .about")).toBe(await count("#list-findings details"));
    expect(await page.evaluate(`document.querySelector(".bar").checkVisibility()`)).toBe(false);
  });

  test("without JavaScript it still says what is wrong, where and what to do", async () => {
    await page.setJavaScriptEnabled(false);
    await open();
    const text = String(await page.evaluate("document.body.innerText"));
    expect(text).toContain("5 findings (1 critical, 3 high, 1 low)");
    expect(text).toMatch(/aws_s3_bucket\.Uploads \(files\) must have versioning on \(it has Suspended\)/);
    expect(text).toContain("Fix: Do what s3-bucket-versioning asks for.");
    expect(text).toContain(hostile);
    expect(await page.evaluate(`document.querySelector(".bar").checkVisibility()`)).toBe(false);
    expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0);
  });

  describe("of this project's environments", () => {
    test("says once what is found in several stacks, and leads to each", async () => {
      await open("", 1440, own.file);
      await page.select("#rule", planted.rule);
      expect(await texts("#list-findings .rows .chip")).toEqual(planted.stacks);
      expect(await count("#list-findings .rows li")).toBe(1);
      await page.click("#list-findings .rows .chip:last-child");
      expect(await texts("#side header h2")).toEqual(["Queue"]);
      expect(await page.evaluate(`document.getElementById("stack").value`)).toBe(planted.stacks.at(-1));
      expect(await texts(".node.chosen.found title")).toEqual([planted.address]);
    });

    test("draws every resource and every reference of a stack, and names what stands together", async () => {
      const [stack = ""] = planted.stacks;
      await open(`#view=stacks&stack=${stack}`, 1440, own.file);
      const data = `JSON.parse(document.getElementById("data").textContent).stacks.find(({ id }) => id === "${stack}")`;
      expect(await count(".node")).toBe(await page.evaluate(`${data}.nodes.length`));
      const pairs = `new Set(${data}.references.filter(([a, b]) => a !== b).map(([a, b]) => a + " " + b)).size`;
      expect(await page.evaluate(lineCount)).toBe(await page.evaluate(pairs));
      expect(await texts(".groups .fits")).toContain("api_gateway_method_response");
    });

    test("no name in a drawing is wider than its box", async () => {
      await open(`#view=stacks&stack=${planted.stacks[0]}&node=${planted.address}`, 1440, own.file);
      expect(
        await page.evaluate(`[...document.querySelectorAll(".node")].filter((node) => {
          const box = node.querySelector(".box").getBBox();
          return [...node.querySelectorAll("text.type, text.name")].some((text) => text.getBBox().x + text.getBBox().width > box.width);
        }).map((node) => node.textContent)`),
      ).toEqual([]);
    });

    test("without findings it says so, and where to go from there", async () => {
      await open("", 1440, own.good);
      expect(await texts("h1")).toEqual(["No finding"]);
      expect(await texts("#list-findings h2")).toEqual(["Nothing to mend"]);
      await page.click("#list-findings .actions button");
      expect(await visible()).toBe("view-stacks");
      expect(await texts("#side .holds")).toEqual(["✓ No finding"]);
    });
  });

  test("5,000 resources and 1,000 findings are on the screen soon", async () => {
    const path = largePage();
    const start = performance.now();
    await open("", 1440, path);
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))");
    const findings = performance.now() - start;
    expect(await count("#list-findings .card")).toBeGreaterThan(0);
    const turn = performance.now();
    await page.click("#tab-stacks");
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))");
    expect(await count(".node")).toBe(5_000);
    process.stderr.write(
      `The page with 5,000 resources and 1,000 findings: findings after ${Math.round(findings)} ms, their graph after ${Math.round(performance.now() - turn)} ms more\n`,
    );
  });
});

/** One stack of 5,000 resources, of which a fifth have a finding. */
function largePage(): string {
  const names = Array.from({ length: 1_000 }, (_, at) => `Part${at}_Worker_Queue_0A1B2C3D`);
  const block = (make: (name: string) => object) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const resource = {
    aws_sqs_queue: block((name) => ({ name, kms_master_key_id: `\${aws_kms_key.${names[0]}.arn}` })),
    aws_sqs_queue_policy: block((name) => ({ queue_url: `\${aws_sqs_queue.${name}.url}` })),
    aws_cloudwatch_metric_alarm: block((name) => ({ dimensions: { QueueName: `\${aws_sqs_queue.${name}.name}` } })),
    aws_lambda_event_source_mapping: block((name) => ({ event_source_arn: `\${aws_sqs_queue.${name}.arn}` })),
    aws_kms_key: block(() => ({})),
  } as Record<string, Record<string, Record<string, unknown>>>;
  const findings = names.map((name) => ({ stack: "large", address: `aws_sqs_queue.${name}`, message: "must be" }));
  return pageOf(
    "large",
    htmlReport(resultOf({ stacks: [{ id: "large", resources: 5_000 }], findings: findingsOf(high, ...findings) }), [
      { id: "large", json: { resource } },
    ]),
  );
}

/** Texts in HTML whose contrast with what is behind them is below 4.5. */
const faint = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *:not(script):not(style):not(svg *)")]
    .filter((each) => each.checkVisibility() && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((each) => !each.matches("option, noscript"))
    .flatMap((each) => {
      const [a, b] = [light(parse(getComputedStyle(each).color)), light(behind(each))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return contrast < 4.5 ? [each.className + ": " + each.textContent.slice(0, 30) + " " + contrast.toFixed(2)] : [];
    });
})()`;
