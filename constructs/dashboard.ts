/** A widget of a CloudWatch dashboard, as its body has it (CloudWatch user guide, dashboard body structure). */
export interface Widget {
  readonly type: "metric";
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface SearchWidgetProps {
  readonly title: string;
  /** e.g. `AWS/Lambda`. */
  readonly namespace: string;
  /** The dimension that holds the name, e.g. `FunctionName`. */
  readonly dimension: string;
  /** The metric's other dimensions, whatever they hold: a search finds metrics that have exactly those that it names. @default none */
  readonly otherDimensions?: readonly string[];
  readonly metric: string;
  /** `p99`: the value that 99 of 100 stay at or below. */
  readonly statistic: "Sum" | "Maximum" | "p99";
  readonly region: string;
  readonly environmentSuffix: string;
}

/** A graph of one metric of everything of an environment, found by its name when the graph is drawn. */
export function searchWidget(props: SearchWidgetProps): Widget {
  const { title, namespace, dimension, otherDimensions = [], metric, statistic, region, environmentSuffix } = props;
  const dimensions = [dimension, ...otherDimensions].join(",");
  // A search knows no wildcards: unquoted words match the parts of a name between its hyphens (CloudWatch user guide, search expression syntax).
  const words = `MetricName="${metric}" ${dimension}=tap ${dimension}=${environmentSuffix}`;
  const search = `SEARCH('{${namespace},${dimensions}} ${words}', '${statistic}', 60)`;
  return {
    type: "metric",
    properties: { title, region, view: "timeSeries", period: 60, metrics: [[{ expression: search, label: "" }]] },
  };
}

export interface MetricWidgetProps {
  readonly title: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Sum" | "Maximum";
  /** Where the metric is. */
  readonly region: string;
  /** Seconds that one point covers. */
  readonly periodSeconds: number;
}

/** A graph of one metric of one thing. */
export function metricWidget(props: MetricWidgetProps): Widget {
  const { title, namespace, metric, dimensions, statistic, region, periodSeconds } = props;
  const named = [namespace, metric, ...Object.entries(dimensions).flat()];
  return {
    type: "metric",
    properties: {
      title,
      region,
      view: "timeSeries",
      period: periodSeconds,
      metrics: [[...named, { stat: statistic }]],
    },
  };
}

/** Columns of CloudWatch's grid, and the size of a widget on it. */
const gridColumns = 24;
const width = 8;
const height = 6;

/** The body of a dashboard, its widgets from left to right and top to bottom, three in a row. */
export function dashboardBody(widgets: readonly Widget[]): string {
  const perRow = gridColumns / width;
  return JSON.stringify({
    widgets: widgets.map((widget, index) => ({
      ...widget,
      x: (index % perRow) * width,
      y: Math.floor(index / perRow) * height,
      width,
      height,
    })),
  });
}
