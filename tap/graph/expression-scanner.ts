/** One step of a traversal: `.name`, `[0]` or `["key"]`, or anything that is worked out only when Terraform runs. */
export type Step = { readonly name: string } | { readonly index: string | number } | { readonly any: true };

/** `aws_subnet.Subnet["a"].id` within an expression: the thing that is referred to, and the way into it. */
export interface Traversal {
  readonly text: string;
  readonly steps: readonly Step[];
}

/** `${…}` or `%{…}` of a template. */
export interface Interpolation {
  /** Where it begins in the text, and where the text goes on. */
  readonly start: number;
  readonly end: number;
  /** What refers to something: neither names of functions nor what a `for` names. */
  readonly traversals: readonly Traversal[];
  /** The one traversal that it consists of, where it is nothing else. */
  readonly whole?: Traversal;
}

/** What a template reads as more than itself: the signs of expressions, a quote and what escapes it. */
const special: ReadonlySet<number> = new Set([...'$%"\\'].map((character) => character.charCodeAt(0)));

const identifier = /[\p{L}_][\p{L}\p{N}_-]*/uy;
const providerFunction = /::[\p{L}_][\p{L}\p{N}_-]*/uy;
const digits = /\d+/y;
const literalIndex = /\[\s*(?:(\d+)|"((?:[^"\\$%]|\\.)*)"|(\*))\s*\]/y;
const nextAttribute = /\s*\.\s*(?:([\p{L}_][\p{L}\p{N}_-]*)|(\d+)|(\*))/uy;
const forIntroduction = /\s*for\s+([\p{L}_][\p{L}\p{N}_-]*)(?:\s*,\s*([\p{L}_][\p{L}\p{N}_-]*))?\s+in\b/uy;
const comment = /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const heredoc = /<<-?([\p{L}_][\p{L}\p{N}_-]*)\n/uy;
const endOfDirective = /\s*end(for|if)\b/y;
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Reads templates of HCL as far as it takes to know every reference: strings within expressions within strings,
 * calls of functions, and names that a `for` brings with it. What Terraform would refuse is read as far as it goes.
 */
export class ExpressionScanner {
  private position = 0;
  /** Names that `for` expressions around the position have made. */
  private readonly locals: string[] = [];
  private found: Traversal[] = [];

  constructor(private readonly text: string) {}

  /** Interpolations of the outermost template. */
  interpolations(): Interpolation[] {
    const all: Interpolation[] = [];
    this.template((interpolation) => all.push(interpolation));
    return all;
  }

  /** A traversal that stands alone, as `depends_on` and plans have it. */
  traversalAlone(): Traversal | undefined {
    this.word();
    return this.found[0];
  }

  private template(onInterpolation: (interpolation: Interpolation) => void, end?: string): void {
    while (this.toSpecial()) {
      const next = this.text.slice(this.position, this.position + 3);
      if (end !== undefined && next.startsWith(end)) return;
      if (next === "$${" || next === "%%{") this.position += 3;
      else if (next.startsWith("${") || next.startsWith("%{"))
        onInterpolation(this.interpolation(next.startsWith("%")));
      else this.position += end !== undefined && next.startsWith("\\") ? 2 : 1;
    }
  }

  /** On to the next character that may mean something; false at the end. */
  private toSpecial(): boolean {
    while (this.position < this.text.length && !special.has(this.text.charCodeAt(this.position))) this.position += 1;
    return this.position < this.text.length;
  }

  private interpolation(isDirective: boolean): Interpolation {
    const start = this.position;
    const outer = this.found;
    this.found = [];
    this.position += 2;
    if (this.text[this.position] === "~") this.position += 1;
    const from = this.position;
    if (isDirective) this.directive();
    else this.expression("}");
    const inside = this.text.slice(from, this.position).replace(/~$/, "").trim();
    this.position += 1;
    const traversals = this.found;
    const [only] = traversals;
    outer.push(...traversals);
    this.found = outer;
    return {
      start,
      end: Math.min(this.position, this.text.length),
      traversals,
      ...(only !== undefined && traversals.length === 1 && only.text === inside ? { whole: only } : {}),
    };
  }

  /** Within `%{…}`: a `for` names something until its `endfor`. */
  private directive(): void {
    const [, which] = this.take(endOfDirective) ?? [];
    if (which === "for") this.locals.splice(-2);
    const [, first, second] = this.take(forIntroduction) ?? [];
    this.expression("}");
    if (first !== undefined) this.locals.push(first, second ?? first);
  }

  /** Up to the closer, which is left to be taken; a colon that belongs to a `?` is none. */
  private expression(closer: string): void {
    let questions = 0;
    while (this.position < this.text.length) {
      const character = this.text[this.position] as string;
      if (character === closer && !(closer === ":" && questions > 0)) return;
      if (character === ":") questions -= 1;
      if (character === "?") questions += 1;
      this.part(character);
    }
  }

  private part(character: string): void {
    const closer = closers[character];
    if (character === '"') this.quoted();
    else if (closer !== undefined) this.bracket(closer);
    else if (character === ".") this.attributeOfResult();
    else if (!this.heredocument() && !this.take(comment) && !this.take(digits) && !this.word()) this.position += 1;
  }

  private quoted(): void {
    this.position += 1;
    this.template(() => {}, '"');
    this.position += 1;
  }

  private bracket(closer: string): void {
    this.position += 1;
    const [, first, second] = closer === ")" ? [] : (this.take(forIntroduction) ?? []);
    if (first !== undefined) {
      this.expression(":");
      this.position += 1;
      this.locals.push(first, second ?? first);
    }
    this.expression(closer);
    if (first !== undefined) this.locals.splice(-2);
    this.position += 1;
  }

  /** `.id` behind a bracket belongs to what the bracket gave, not to anything by that name. */
  private attributeOfResult(): void {
    if (!this.take(nextAttribute)) this.position += 1;
  }

  private heredocument(): boolean {
    const [, marker] = this.take(heredoc) ?? [];
    if (marker === undefined) return false;
    const rest = this.text.slice(this.position);
    const end = rest.search(new RegExp(`^[ \\t]*${marker}[ \\t]*$`, "m"));
    const body = end === -1 ? rest : rest.slice(0, end);
    const inner = new ExpressionScanner(body);
    inner.locals.push(...this.locals);
    this.found.push(...inner.interpolations().flatMap(({ traversals }) => traversals));
    this.position += body.length + (end === -1 ? 0 : (/^[ \t]*\S+/.exec(rest.slice(end))?.[0].length ?? 0));
    return true;
  }

  /** An identifier and what follows it; false where there is none. */
  private word(): boolean {
    const start = this.position;
    const [root] = this.take(identifier) ?? [];
    if (root === undefined) return false;
    let isFunction = false;
    while (this.take(providerFunction)) isFunction = true;
    if (isFunction || this.text[this.position] === "(") return true;
    const steps: Step[] = [{ name: root }];
    const place = this.found.length;
    while (this.step(steps));
    if (steps.length > 1 && !this.locals.includes(root))
      this.found.splice(place, 0, { text: this.text.slice(start, this.position), steps });
    return true;
  }

  private step(steps: Step[]): boolean {
    const [, name, index, splat] = this.take(nextAttribute) ?? [];
    if (name !== undefined) steps.push({ name });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else if (splat !== undefined) steps.push({ any: true });
    else if (this.text[this.position] === "[") this.index(steps);
    else return false;
    return true;
  }

  private index(steps: Step[]): void {
    const [literal, index, key] = this.take(literalIndex) ?? [];
    if (index !== undefined) steps.push({ index: Number(index) });
    else if (key !== undefined) steps.push({ index: key });
    else {
      steps.push({ any: true });
      if (literal !== undefined) return;
      this.position += 1;
      this.expression("]");
      this.position += 1;
    }
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.position = pattern.lastIndex;
    return match;
  }
}
