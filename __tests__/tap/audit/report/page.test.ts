import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { htmlReport } from "../../../../tap/audit/report/html";
import type { StackSource } from "../../../../tap/graph/configuration";
import { loudlySkipped } from "../../../support/skipped";
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
const inChromium =
  chromium && puppeteer
    ? describe
    : loudlySkipped("the audit's page in a browser: @sparticuz/chromium and puppeteer-core aren't installed");

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
const file = join(mkdtempSync(join(tmpdir(), "tap-test-")), "audit.html");
writeFileSync(
  file,
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

inChromium("the page", () => {
  let browser: Browser;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    const executablePath = await chromium?.executablePath();
    browser = (await puppeteer?.launch({ executablePath, args: chromium?.args, headless: "shell" })) as Browser;
  }, 60_000);

  afterAll(() => browser?.close());

  beforeEach(async () => {
    trouble = [];
    page = await browser.newPage();
    page.on("pageerror", ({ message }) => trouble.push(`error: ${message}`));
    page.on("console", (line) => trouble.push(`console: ${line.text?.()}`));
    page.on("request", (request) => {
      const url = request.url?.() ?? "";
      if (!url.startsWith("data:") && !url.startsWith(pathToFileURL(file).href)) trouble.push(`request: ${url}`);
    });
    await open();
  });

  afterEach(async () => {
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(trouble).toEqual([]);
    await page.close();
  });

  const open = async (hash = "", width = 1440) => {
    await page.setViewport({ width, height: 900 });
    await page.goto(`${pathToFileURL(file).href}${hash}`);
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
    expect(await page.evaluate(`document.querySelector(".lines").getAttribute("d").match(/M/g).length`)).toBe(2);
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
    for (const hash of ["", "#view=stacks&stack=files", "#view=rules"]) {
      await open(hash, 390);
      expect(await page.evaluate("document.documentElement.scrollWidth <= 390")).toBe(true);
    }
  });
});

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
