import { api14 } from "../../../../tap/audit/requirements/api-14";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf, subjectOf } from "../../../support/synthesized";
import { add } from "./mutations";

interface Widget {
  x: number;
  width: number;
  type: string;
  properties: { title: string; region: string; view: string; metrics: unknown[]; accountId?: string };
}

const observability =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "observability", "us-west-2"));

const widgetsOf = (stack: StackJson) =>
  (JSON.parse(String(resource(stack, "aws_cloudwatch_dashboard").dashboard_body)) as { widgets: Widget[] }).widgets;

const widgets = (change: (all: Widget[]) => unknown[]) =>
  observability((stack) => {
    resource(stack, "aws_cloudwatch_dashboard").dashboard_body = JSON.stringify({ widgets: change(widgetsOf(stack)) });
  });

const first = (change: (widget: Widget) => void) =>
  widgets((all) => {
    change(all[0] as Widget);
    return all;
  });

/** Changes every expression. */
const searches = (from: string | RegExp, to: string) =>
  widgets((all) => JSON.parse(JSON.stringify(all).replaceAll(from, to)) as unknown[]);

/** Of the second region: the first shows drift and promotions as well. Not asked for by API-14: tables are no part of it. */
const shown = widgetsOf(stackOf(subjectOf("dev"), "dev", "observability", "us-west-2"))
  .map(({ properties }) => properties)
  .filter(({ metrics }) => !JSON.stringify(metrics).includes("AWS/DynamoDB"))
  .map(({ title }) => title);

prove(
  api14,
  {
    ...Object.fromEntries(
      shown.map((title) => [
        `the dashboard lacks "${title}"`,
        widgets((all) => all.filter(({ properties }) => properties.title !== title)),
      ]),
    ),
    "the second region has no dashboard": observability((stack) => {
      delete stack.json.resource?.aws_cloudwatch_dashboard;
    }),
    "the second region has no stack": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "observability", "us-west-2")), 1);
    },
    "a region has two dashboards": observability((stack) =>
      add(stack, "aws_cloudwatch_dashboard", { ...resource(stack, "aws_cloudwatch_dashboard"), dashboard_name: "x" }),
    ),
    "the dashboard is empty": widgets(() => []),
    "the dashboard is no JSON": observability((stack) => {
      resource(stack, "aws_cloudwatch_dashboard").dashboard_body = "none";
    }),
    "it shows another environment": searches(/=(dev|staging|prod|pr12)'?(?=['" ,])/g, "=other"),
    "it shows every environment": searches(/ \w+=(dev|staging|prod|pr12)(?=')/g, ""),
    "it shows another region": searches("us-west-2", "us-east-1"),
    "one graph is of another region": first(({ properties }) => {
      properties.region = "eu-west-1";
    }),
    "one graph is of another account": first(({ properties }) => {
      properties.accountId = "999999999999";
    }),
    "one search is in another region": first(({ properties }) => {
      const [[options]] = properties.metrics as [[object]];
      properties.metrics = [[{ ...options, region: "eu-west-1" }]];
    }),
    "one search is hidden": first(({ properties }) => {
      const [[options]] = properties.metrics as [[object]];
      properties.metrics = [[{ ...options, visible: false }]];
    }),
    "one graph has another metric in front": first(({ properties }) => {
      properties.metrics = [["AWS/Lambda", "Errors"], ...properties.metrics];
    }),
    "one graph is a text": first((widget) => {
      widget.type = "text";
    }),
    "one graph is a number": first(({ properties }) => {
      properties.view = "singleValue";
    }),
    "one graph has no width": first((widget) => {
      widget.width = 0;
    }),
    "one graph is on another one": first((widget) => {
      widget.x = 8;
    }),
    "failures are averaged": searches("'Sum'", "'Average'"),
    "latency is what half of the callers wait": searches("'p99'", "'p50'"),
    "APIs are looked for by another dimension": searches("{AWS/ApiGateway,ApiName}", "{AWS/ApiGateway,ApiName,Stage}"),
    "web ACLs are looked for by too few dimensions": searches("{AWS/WAFV2,WebACL,Region,Rule}", "{AWS/WAFV2,WebACL}"),
    "failures are those of another service": searches("AWS/ApiGateway", "AWS/ApiGatewayV2"),
  },
  { alone: true, without: ["files", "stream"] },
);
