import { interpolationsOf } from "../graph/expression";

/* What a secret looks like: by the form that its issuer gives it, by what it is called, or because nobody would think of it. */

/** Whether a text is a secret, going by its name and by itself. */
export function looksSecret(name: string, value: string): boolean {
  return secretIn(name, value) !== undefined;
}

/** What kind of secret a text holds, in words that fit behind "holds"; undefined where it holds none. */
export function secretIn(name: string, value: string): string | undefined {
  const text = withoutExpressions(value);
  const issued = issuedForms.find(({ form }) => form.test(text));
  if (issued !== undefined) return issued.what;
  if (isCalledSecret(name) && isGiven(name, value, text)) return "the text of something that is called a secret";
  if (!isCalledDigest(name) && hasRandomText(text)) return "a text as random as a key";
  return undefined;
}

/** Forms that issuers give their secrets. Every repetition is bounded: texts are anybody's, and may be long. */
const issuedForms: readonly { readonly what: string; readonly form: RegExp }[] = [
  { what: "an AWS access key", form: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/ },
  { what: "a private key", form: /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/ },
  {
    what: "a token of GitHub",
    form: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})/,
  },
  { what: "a token of GitLab", form: /(?<![A-Za-z0-9])glpat-[\w-]{20}/ },
  { what: "a token of npm", form: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/ },
  { what: "a token of Slack", form: /(?<![A-Za-z0-9])xox[abeoprs]-[0-9A-Za-z]{1,20}-[0-9A-Za-z-]{10}/ },
  {
    what: "a webhook of Slack",
    form: /hooks\.slack\.com\/(?:services|workflows)\/[A-Z0-9]{6,20}\/[A-Z0-9]{6,20}\/\w{8}/,
  },
  { what: "a key of Stripe", form: /(?<![A-Za-z0-9])[rs]k_(?:live|test)_[0-9A-Za-z]{16}/ },
  { what: "a key of Google", form: /(?<![A-Za-z0-9])AIza[\w-]{35}/ },
  { what: "a key of SendGrid", form: /(?<![A-Za-z0-9])SG\.[\w-]{16,32}\.[\w-]{16,64}/ },
  { what: "a key of Anthropic or OpenAI", form: /(?<![A-Za-z0-9])sk-(?:ant-|proj-)?[\w-]{32}/ },
  { what: "a JSON web token", form: /(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10}/ },
  { what: "a password in an address", form: /:\/\/[^\s:/?#@]{0,100}:[^\s:/?#@]{1,200}@/ },
];

/** Names end with what they are of: `DB_PASSWORD`, `dbPassword`, `api-key`; `SECRET_ARN` and `TOKEN_TTL` tell of something else. */
const secretWords =
  /(?:^| )(?:password|passwd|passphrase|passcode|pwd|secret|token|credentials?|apikey|secretkey|privatekey|(?:api|access|private|secret|signing|encryption|auth|shared|master|account|storage|webhook) key|connection string)$/;
/** Words behind it that change nothing about what it is. */
const trailing = / (?:value|text|plain|plaintext|string|base64|default|\d+)$/;
/** What is random, and no secret: anybody may know a hash, a thumbprint or a public key. */
const digestWords =
  /(?:^| )(?:hash|sha|sha1|sha256|sha512|md5|digest|checksum|etag|fingerprint|thumbprint|integrity|public key|certificate|cert|nonce|version|commit|revision|integration id)(?: |$)/;

function isCalledSecret(name: string): boolean {
  let words = wordsOf(name);
  // A connection string is one because of its last word.
  while (!secretWords.test(words) && trailing.test(words)) words = words.replace(trailing, "");
  return secretWords.test(words);
}

function isCalledDigest(name: string): boolean {
  return digestWords.test(wordsOf(name));
}

/** `dbPassword`, `DB_PASSWORD` and `db-password` are `db password`. */
function wordsOf(name: string): string {
  return name
    .slice(-200)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();
}

/** Where a secret is, rather than the secret: an ARN, an address, a path, a reference that is resolved later. */
const pointer = /^(?:arn:|[a-z][a-z0-9+.-]{0,20}:\/\/|\/[\w.-]+\/|alias\/|\{\{.*\}\}$|ssm:|secretsmanager:|vault:)/i;
/** What stands for a text that isn't there, and settings about the secret: whether there is one, or how it is sent. */
const noSecret =
  /^(?:|[*x•.-]+|<[^>]*>|true|false|yes|no|on|off|none|null|undefined|enabled|disabled|required|optional|include|omit|bearer|basic|header|query|\d{1,5})$/i;
/** `tap-stream-signing`: a thing's name. A pass phrase may look the same, so that passwords aren't let off. */
const thingName = /^[a-z]+(?:[-_/.:][a-z]+)+$/i;

/** Whether the secret itself is there: not an expression, a name or a setting. */
function isGiven(name: string, value: string, text: string): boolean {
  const given = text.trim();
  if (given.length === 0 || (text !== value && given.length < 6)) return false;
  if (noSecret.test(given) || pointer.test(given)) return false;
  return /pass|pwd/i.test(name) || !thingName.test(given);
}

/** Fewest characters of a text that may be called random; shorter ones are names more often. */
const shortestKey = 20;
/** Longest run that is looked at: images and scripts in base64 are longer, keys are not. */
const longestKey = 200;
/** Bits per character: of a random text of 20 characters about 4, of words 3 to 3.5. */
const leastEntropy = 3.6;
/** Of the characters, how many begin something new: in words of five letters a fifth, in random text half. */
const leastTurns = 0.27;

function hasRandomText(text: string): boolean {
  return text.split(/[^A-Za-z0-9+/=_-]+/).some(isRandom);
}

function isRandom(run: string): boolean {
  const characters = run.replace(/[^A-Za-z0-9]/g, "");
  if (characters.length < shortestKey || characters.length > longestKey) return false;
  // Ids and digests in hexadecimal digits, and names in one case, have two kinds of characters at most.
  if (!/[a-z]/.test(characters) || !/[A-Z]/.test(characters) || !/[0-9]/.test(characters)) return false;
  return turnsOf(run) >= leastTurns * characters.length && entropyOf(characters) >= leastEntropy;
}

/** How often a letter meets a digit, or a capital follows a small letter; from word to word of `us-east-1-v2` doesn't count. */
function turnsOf(run: string): number {
  return run.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])/g)?.length ?? 0;
}

/** Shannon's entropy, in bits per character. */
export function entropyOf(text: string): number {
  const characters = [...text];
  const counts = new Map<string, number>();
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()]
    .map((count) => count / characters.length)
    .reduce((bits, share) => bits - share * Math.log2(share), 0);
}

function withoutExpressions(text: string): string {
  const expressions = interpolationsOf(text);
  if (expressions.length === 0) return text;
  let rest = "";
  let position = 0;
  for (const { start, end } of expressions) {
    rest += `${text.slice(position, start)} `;
    position = end;
  }
  return rest + text.slice(position);
}
