/**
 * Has a browser save what it gets, under a name (RFC 6266). What isn't ASCII is in `filename*` (RFC 8187); `filename`
 * is for those that don't know it. A name can end neither of them: quotes and backslashes, percent signs (some decode
 * them) and all beyond ASCII are underscores in the one, and percent-encoded in the other.
 */
export function attachmentNamed(name: string): string {
  const ascii = name.replace(/[^\x20-\x7E]|["\\%]/gu, "_");
  // Of what encodeURIComponent leaves as it is, these are no attr-char.
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${hex(character)}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}
