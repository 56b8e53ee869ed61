/** One statement of a policy, in IAM's words. */
export interface Statement {
  readonly sid: string;
  /** @default "Allow" */
  readonly effect?: "Allow" | "Deny";
  readonly actions: readonly string[];
  /** ARNs; `["*"]` only where no action of the statement takes a resource. Left out in trust policies. */
  readonly resources?: readonly string[];
  /** Everything but these; for boundaries and denials. */
  readonly notResources?: readonly string[];
  /** Resource and trust policies only. */
  readonly principals?: Partial<Record<"AWS" | "Service" | "Federated", readonly string[]>> | "*";
  /** Operator → key → values. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy as literal JSON, so that scanners and reviewers see what AWS will see; neither jsonencode() nor a data source. */
export function policyJson(statements: readonly Statement[]): string {
  const twice = statements.map(({ sid }) => sid).find((sid, index, sids) => sids.indexOf(sid) !== index);
  if (twice !== undefined)
    throw new RangeError(
      `A policy has each statement once: IAM refuses a second ${JSON.stringify(twice)}. Grant all actions at once`,
    );
  return JSON.stringify({ Version: "2012-10-17", Statement: statements.map(renderStatement) });
}

function renderStatement(statement: Statement): object {
  const { sid, effect = "Allow", principals, actions, resources, notResources, conditions } = statement;
  if (actions.length === 0 || resources?.length === 0)
    throw new RangeError(`The statement "${sid}" needs an action and a resource at least (given none)`);
  if (!/^[A-Za-z0-9]+$/.test(sid))
    throw new RangeError(`A statement's id is letters and digits (given ${JSON.stringify(sid)})`);
  return {
    Sid: sid,
    Effect: effect,
    ...(principals === undefined ? {} : { Principal: principals }),
    Action: actions,
    ...(resources === undefined ? {} : { Resource: resources }),
    ...(notResources === undefined ? {} : { NotResource: notResources }),
    ...(conditions === undefined ? {} : { Condition: conditions }),
  };
}

/** A role's trust in one AWS service, for resources of this account only (the confused deputy). */
export function serviceTrust(service: string, accountId: string, sourceArn?: string): string {
  return policyJson([
    {
      sid: "AssumeByService",
      principals: { Service: [service] },
      actions: ["sts:AssumeRole"],
      conditions: {
        StringEquals: { "aws:SourceAccount": accountId },
        ...(sourceArn === undefined ? {} : { ArnLike: { "aws:SourceArn": sourceArn } }),
      },
    },
  ]);
}

/** A role's trust in a service that names no source when it assumes a role, so that a condition would keep it out. */
export function trustWithoutSource(service: string): string {
  return policyJson([{ sid: "AssumeByService", principals: { Service: [service] }, actions: ["sts:AssumeRole"] }]);
}

/** What every bucket, queue and topic refuses (SEC-01): a call that isn't encrypted in transit. */
export function denyPlainHttp(action: string, resources: readonly string[]): Statement {
  return {
    sid: "DenyPlainHttp",
    effect: "Deny",
    principals: "*",
    actions: [action],
    resources,
    conditions: { Bool: { "aws:SecureTransport": "false" } },
  };
}
