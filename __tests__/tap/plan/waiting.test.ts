import { waitsFor, writersOf, writtenIn } from "../../../tap/plan/waiting";

const reads = [
  {
    address: "data.aws_ssm_parameter.vpc",
    name: "/tap/dev/network/vpc_id",
    writer: { stackId: "network", address: "aws_ssm_parameter.vpc" },
  },
  {
    address: "data.aws_ssm_parameter.key",
    name: "/tap/dev/api/key",
    writer: { stackId: "api", address: "aws_ssm_parameter.key" },
  },
];
const missing = (name: string, address?: string) => ({
  severity: "error",
  summary: `reading SSM Parameter (${name}): couldn't find resource`,
  detail: "",
  ...(address === undefined ? {} : { address }),
});

describe("what waits for what", () => {
  test("parameters that other stacks write: it waits for all of these", () => {
    const errors = [
      missing("/tap/dev/network/vpc_id", "data.aws_ssm_parameter.vpc"),
      missing("/tap/dev/api/key", "data.aws_ssm_parameter.key"),
    ];
    expect(waitsFor(errors, reads)).toEqual(["api", "network"]);
    expect(waitsFor([missing("/tap/dev/network/vpc_id")], reads)).toEqual(["network"]);
  });

  test("AWS's own name of the error is known too", () => {
    const error = {
      severity: "error",
      summary: "reading SSM Parameter",
      detail: "ParameterNotFound: ",
      address: "data.aws_ssm_parameter.vpc",
    };
    expect(waitsFor([error], reads)).toEqual(["network"]);
  });

  test("anything else beside it is an error", () => {
    const denied = {
      severity: "error",
      summary: "reading SSM Parameter (/tap/dev/api/key): AccessDenied",
      detail: "",
      address: "data.aws_ssm_parameter.key",
    };
    expect(waitsFor([missing("/tap/dev/network/vpc_id", "data.aws_ssm_parameter.vpc"), denied], reads)).toBeUndefined();
    expect(waitsFor([missing("/of/nobody", "data.aws_ssm_parameter.other")], reads)).toBeUndefined();
    expect(waitsFor([], reads)).toBeUndefined();
  });

  test("what a plan makes for the first time, and what it changes", () => {
    const change = (address: string, ...actions: string[]) => ({
      address,
      mode: "managed",
      type: "aws_ssm_parameter",
      change: { actions },
    });
    const written = writtenIn({
      resource_changes: [
        change("new", "create"),
        change("replaced", "delete", "create"),
        change("other", "update"),
        change("same", "no-op"),
      ],
    });
    expect([...written.created]).toEqual(["new"]);
    expect([...written.changed]).toEqual(["replaced", "other"]);
    const by = new Map([["network", writtenIn({ resource_changes: [change("aws_ssm_parameter.vpc", "create")] })]]);
    expect(writersOf(reads, by, "created")).toEqual(["network"]);
    expect(writersOf(reads, by, "changed")).toEqual([]);
  });
});
