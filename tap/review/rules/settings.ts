import { type Change, quote } from "../change";
import type { Difference } from "../differences";
import { listed, type Reason } from "../reason";
import { unknownValue } from "../values";

/** What tags or describes, and does nothing. */
const words = /^(?:tags|tags_all)(?:\.|$)|(?:^|\.)(?:description|comment|display_name|alarm_description)$/;

/** Code, and what follows from it. */
const code =
  /^(?:source_code_hash|source_code_size|code_sha256|filename|s3_key|s3_bucket|s3_object_version|image_uri|function_version|output_\w+|source_hash|source_dir|source_file|output_path|excludes)$/;
const codeTypes = /^(?:aws_lambda_(?:function|alias|layer_version)|archive_file)$/;

/** What the provider says after an apply, and nobody sets. */
const computed =
  /^(?:id|arn|etag|unique_id|version|version_id|qualified_arn|qualified_invoke_arn|invoke_arn|last_modified|last_updated_date|last_modified_date|created_date|create_date|latest_version|default_version|default_version_id|stream_arn|stream_label|hosted_zone_id|domain_name|dashboard_arn|status|root_resource_id|execution_arn|invoke_url|revision|metadata|response_streaming_invoke_arn|signing_\w+)$/;

/** Whether a name is of what AWS will say, whatever is done. */
export function isComputed(name: string): boolean {
  return computed.test(name);
}

/** What shows something, and does nothing. */
const shows = /^aws_cloudwatch_(?:dashboard|query_definition)$/;

/** Differences that no other rule has judged. */
export function judgeSettings(change: Change, left: readonly Difference[]): Reason[] {
  if (change.action === "create") return [];
  const kinds: Record<Kind, Difference[]> = { words: [], code: [], computed: [], shows: [], unknown: [], others: [] };
  for (const difference of left) kinds[kindOf(change, difference)].push(difference);
  const reasons: Reason[] = [];
  const tell = (kind: Kind, level: Reason["class"], text: (names: string) => string) => {
    if (kinds[kind].length > 0)
      reasons.push({
        class: level,
        text: text(listed(kinds[kind].map((difference) => quote(change, topName(difference))))),
      });
  };
  tell("others", "review", (names) => `changes ${names}`);
  tell("unknown", "review", (names) => `${names} is known only after the apply`);
  tell("code", "safe", () => "another version of the code");
  tell("shows", "safe", () => "what it shows changes, and nothing else");
  tell("words", "safe", (names) => `only describes: ${names}`);
  if (reasons.length === 0) tell("computed", "safe", (names) => `AWS sets ${names} anew`);
  return reasons;
}

type Kind = "words" | "code" | "computed" | "shows" | "unknown" | "others";

function kindOf({ type }: Change, { name, after }: Difference): Kind {
  if (words.test(name)) return "words";
  if (codeTypes.test(type) && code.test(name)) return "code";
  if (shows.test(type)) return "shows";
  if (isComputed(name)) return after === unknownValue ? "computed" : "others";
  return after === unknownValue ? "unknown" : "others";
}

/** Of a block the path, of a map its name: keys of maps may be many. */
function topName({ name }: Difference): string {
  return name.startsWith("tags") ? "tags" : name;
}
