import { ownValue } from "../../graph/terraform-json";
import { type Change, quote } from "../change";
import { listed, type Reason } from "../reason";
import { dataHolders, openings, removals } from "../types";

/** Whether something holds what no configuration brings back. */
export function holdsData({ type, before, after }: Pick<Change, "type" | "before" | "after">): boolean {
  if (ownValue(dataHolders, type) !== undefined) return true;
  // Of parameters the secret ones alone: others are made again from the configuration.
  return type === "aws_ssm_parameter" && [before, after].some((side) => side.type === "SecureString");
}

/** What it means that a resource comes, goes, moves, or is made anew. */
export function judgeLifecycle(change: Change): Reason[] {
  return [...byAction(change), ...movedOrImported(change)];
}

function byAction(change: Change): Reason[] {
  switch (change.action) {
    case "delete":
      return [removed(change, deletionWhy(change))];
    case "replace":
      return [replaced(change)];
    case "create":
      return [created(change)];
    case "forget":
      return [forgotten(change)];
    case "read":
      return [{ class: "safe", text: "read during the apply; nothing changes" }];
    case "unknown":
      return [
        {
          class: "dangerous",
          text: `Terraform names actions that this review doesn't know: ${quote(change, change.planned.change.actions.join(", "))}`,
        },
      ];
    default:
      return [];
  }
}

const whyDeleted: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: "it is no longer in the configuration",
  delete_because_no_module: "its module is no longer in the configuration",
  delete_because_wrong_repetition: "count or for_each came or went, so that its address is another one",
  delete_because_count_index: "count no longer reaches it",
  delete_because_each_key: "for_each no longer has its key",
  delete_because_no_move_target: "it was moved to where there is nothing",
};

function deletionWhy({ planned }: Change): string {
  if (planned.deposed !== undefined) return "an old copy that an interrupted replacement left";
  return ownValue(whyDeleted, planned.action_reason ?? "") ?? "";
}

function removed(change: Change, why: string): Reason {
  const behind = why === "" ? "" : `; ${why}`;
  const what = lossOf(change);
  if (what !== undefined) return { class: "irreversible", text: `deletes ${what}${guardText(change)}${behind}` };
  const known = ownValue(removals, change.type);
  if (known !== undefined) return { class: known.class, text: `is deleted: ${known.text}${behind}` };
  return { class: "dangerous", text: `is deleted, and nothing here knows what that takes away${behind}` };
}

/** What goes, where something holds data. */
function lossOf(change: Change): string | undefined {
  if (!holdsData(change)) return undefined;
  if (isOfState(change)) return "the state of Terraform itself: nothing would be known of any resource";
  return ownValue(dataHolders, change.type) ?? "a secret parameter";
}

const stateTypes = /^aws_(?:s3_bucket|dynamodb_table|kms_key)$/;

function isOfState({ type, before }: Change): boolean {
  const name = before.bucket ?? before.name ?? before.description;
  return (
    stateTypes.test(type) &&
    typeof name === "string" &&
    /(?:^|[-_. ])(?:tf|terraform|tap)?-?state(?:$|[-_. ])/i.test(name)
  );
}

/** AWS refuses what is protected; then the apply stops midway. */
function guardText({ before }: Change): string {
  const isGuarded =
    before.deletion_protection_enabled === true ||
    before.deletion_protection === true ||
    before.deletion_protection === "ACTIVE";
  return isGuarded ? " (it is protected: AWS will refuse, and the apply stops there)" : "";
}

const whyReplaced: Readonly<Record<string, string>> = {
  replace_because_tainted: "it is tainted: an earlier apply left it unfinished",
  replace_by_request: "-replace asks for it",
  replace_by_triggers: "replace_triggered_by asks for it",
};

function replaced(change: Change): Reason {
  const by = change.replacedBy.map((path) => quote(change, path));
  const why =
    by.length > 0
      ? `${listed(by)} can't be changed in place`
      : (ownValue(whyReplaced, change.planned.action_reason ?? "") ?? "");
  const behind = why === "" ? "" : `, because ${why}`;
  const what = lossOf(change);
  if (what !== undefined)
    return { class: "irreversible", text: `is made anew${behind}: that deletes ${what}${guardText(change)}` };
  const known = ownValue(removals, change.type);
  const { class: level, text } = known?.replace ?? known ?? unknownReplacement;
  return { class: level, text: `is made anew${behind}: ${text}` };
}

const unknownReplacement = { class: "dangerous", text: "nothing here knows what the old one takes with it" } as const;

function created(change: Change): Reason {
  if (isOpenMethod(change))
    return { class: "review", text: "is new, and everyone may call it: it asks for no key, and not who it is" };
  const opening = ownValue(openings, change.type);
  return opening === undefined
    ? { class: "safe", text: "is new" }
    : { class: "dangerous", text: `is new, and opens ${opening}` };
}

/** A preflight is nobody's secret. */
function isOpenMethod({ type, after }: Change): boolean {
  if (type === "aws_apigatewayv2_route") return (after.authorization_type ?? "NONE") === "NONE";
  return (
    type === "aws_api_gateway_method" &&
    after.authorization === "NONE" &&
    after.api_key_required !== true &&
    after.http_method !== "OPTIONS"
  );
}

function forgotten(change: Change): Reason {
  const isNewMade = change.planned.change.actions.includes("create");
  if (isNewMade) return { class: "dangerous", text: "a new one is made; the old one stays, and Terraform forgets it" };
  const isHolder = holdsData(change)
    ? "stays with its data, and nothing protects or updates it any more"
    : "stays, and nothing updates it any more";
  return { class: holdsData(change) ? "dangerous" : "review", text: `Terraform forgets it: it ${isHolder}` };
}

function movedOrImported(change: Change): Reason[] {
  const { previous_address: previous, address, change: values } = change.planned;
  const reasons: Reason[] = [];
  if (previous !== undefined && previous !== address)
    reasons.push({ class: "safe", text: `has another address in Terraform; nothing in AWS changes by that` });
  if (values.importing !== undefined && values.importing !== null)
    reasons.push({
      class: "review",
      text: `is taken under Terraform's hand${values.importing.id === undefined ? "" : `: ${quote(change, values.importing.id)}`}; from then on it is changed and deleted with the rest`,
    });
  return reasons;
}
