/** A plan that nobody ran: for values that Terraform would never be given in a test. */
export function planOf(...changes: readonly object[]) {
  return { format_version: "1.2", terraform_version: "1.11.4", planned_values: {}, resource_changes: changes };
}

/** A planned change of one resource, from some values to others; no values: it isn't there. */
export function planned(
  type: string,
  before: object | null,
  after: object | null,
  more: object = {},
  change: object = {},
) {
  const actions = before === null ? ["create"] : after === null ? ["delete"] : ["update"];
  return {
    address: `${type}.It`,
    mode: "managed",
    type,
    change: { actions, before, after, after_unknown: {}, before_sensitive: {}, after_sensitive: {}, ...change },
    ...more,
  };
}
