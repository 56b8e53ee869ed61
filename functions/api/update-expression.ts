import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export interface UpdateExpression {
  readonly expression: string;
  readonly names: Record<string, string>;
  readonly values: Record<string, AttributeValue>;
}

/** Sets attributes to their values, and removes those without one. */
export function updateExpression(attributes: Readonly<Record<string, AttributeValue | undefined>>): UpdateExpression {
  const set: string[] = [];
  const remove: string[] = [];
  const names: UpdateExpression["names"] = {};
  const values: UpdateExpression["values"] = {};
  for (const [name, value] of Object.entries(attributes)) {
    // Some are words of DynamoDB's own.
    names[`#${name}`] = name;
    if (value === undefined) remove.push(`#${name}`);
    else {
      set.push(`#${name} = :${name}`);
      values[`:${name}`] = value;
    }
  }
  const clauses = [set.length > 0 && `SET ${set.join(", ")}`, remove.length > 0 && `REMOVE ${remove.join(", ")}`];
  return { expression: clauses.filter(Boolean).join(" "), names, values };
}
