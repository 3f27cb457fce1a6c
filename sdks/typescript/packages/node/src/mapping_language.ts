// The language of an attribute mapping: sources, a default, transforms. Owns its grammar, to the place
// of a fault, and what each transform does. Does not know which keys mean what.

import { VestibuleError } from "@vestibule-sso/core";

import { Pattern } from "./pattern.js";

const MAX_SOURCES = 10;
const MAX_TRANSFORMS = 10;
const MAX_PATTERN = 256;
// What Python calls a blank; JavaScript's own trim() takes a byte order mark, and leaves U+0085.
const BLANKS = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const AROUND = new RegExp(`^${BLANKS}+|${BLANKS}+$`, "g");
const TOKEN =
  /\s*(?:(?<text>"(?:[^"\\\x00-\x1f]|\\.)*")|(?<sign>[,|()])|(?<word>[^\s,|()"]+))/y;
// What cannot be seen: other blanks, and what has no shape of its own.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

export type Value = unknown;
export type Step = (value: Value, warnings: string[]) => Value;

export interface Expression {
  readonly sources: readonly string[];
  readonly fallback: Value;
  readonly steps: readonly Step[];
}

/** A mapping that cannot be saved, or a person who would not be let in: with the code that the server
 * would give. */
export class MappingRefused extends VestibuleError {
  readonly code: string;
  readonly want: string;
  readonly got: string;

  constructor(code: string, want: string, got = "") {
    super(`${code}: wanted ${want}, got ${got || "nothing"}`);
    this.code = code;
    this.want = want;
    this.got = got;
  }
}

export function invalid(want: string, got: string): MappingRefused {
  return new MappingRefused("attribute_mapping_invalid", want, got);
}

/** A value as texts; objects inside are left out. */
export function strings(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return typeof value === "boolean" || typeof value === "number" ? [String(value)] : [];
}

// --- transforms -------------------------------------------------------------------------------------

const trim = (text: string) => text.replace(AROUND, "");

/** Convert each value; what cannot be converted is left out and told. */
function onEach(convert: (one: Value) => Value, what: string): Step {
  return (value, warnings) => {
    const kept = (Array.isArray(value) ? (value as Value[]) : [value]).flatMap((one) => {
      const made = convert(one);
      if (made !== undefined) return [made];
      const shown = typeof one === "string" ? one : String(JSON.stringify(one));
      warnings.push(`“${[...shown].slice(0, 60).join("")}” is ${what}`);
      return [];
    });
    return Array.isArray(value) ? kept : kept[0];
  };
}

const WORDS = new Map<string, boolean>([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["false", false],
  ["0", false],
  ["no", false],
]);

function toBoolean(value: Value): Value {
  if (typeof value === "string") return WORDS.get(trim(value).toLowerCase());
  if (typeof value === "boolean") return value;
  return value === 0 || value === 1 ? value === 1 : undefined;
}

function toInteger(value: Value): Value {
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < 1e18 ? value : undefined;
  if (typeof value !== "string" || !/^-?[0-9]{1,18}$/.test(trim(value))) return undefined;
  return Number(trim(value));
}

const PLAIN: ReadonlyMap<string, Step> = new Map<string, Step>([
  ["lower", onEach((one) => (typeof one === "string" ? one.toLowerCase() : one), "")],
  ["trim", onEach((one) => (typeof one === "string" ? trim(one) : one), "")],
  ["first", (value) => (Array.isArray(value) ? (value as Value[])[0] : value)],
  ["all", (value) => (Array.isArray(value) ? (value as Value[]) : [value])],
  ["boolean", onEach(toBoolean, "no boolean")],
  ["integer", onEach(toInteger, "no integer")],
]);

const WITH_ARGUMENT: ReadonlyMap<string, (argument: string) => Step> = new Map([
  [
    "split",
    (separator: string): Step =>
      (value) =>
        (Array.isArray(value) ? (value as Value[]) : [value]).flatMap((one) =>
          typeof one === "string" ? one.split(separator).filter(Boolean) : [one],
        ),
  ],
  ["join", (separator: string): Step => (value) => strings(value).join(separator) || undefined],
  ["capture", capture],
]);

function capture(text: string): Step {
  if ([...text].length > MAX_PATTERN)
    throw invalid(`a pattern of at most ${MAX_PATTERN} characters`, String(text.length));
  let pattern: Pattern;
  try {
    pattern = new Pattern(text);
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    throw invalid("a regular expression in RE2's syntax", `${text}: ${reason.message}`);
  }
  if (pattern.groups > 1) throw invalid("one group at most; (?:…) groups without capturing", text);
  return onEach(
    (one) => (typeof one === "string" ? pattern.find(one) : undefined),
    `not like ${text}`,
  );
}

// --- reading an expression --------------------------------------------------------------------------

/** Read a mapping's value; throws `MappingRefused` with the place of the first thing that is wrong. */
export function readExpression(text: string): Expression {
  if (!text.startsWith("=")) return { sources: [text], fallback: undefined, steps: [] };
  return new Reader(text).expression();
}

class Reader {
  readonly #text: string;
  #next = 1;
  #kind = "";
  #value = "";
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#advance();
  }

  expression(): Expression {
    const sources = [this.#source()];
    while (this.#take(",")) sources.push(this.#source());
    let fallback: Value;
    if (this.#kind === "word" && this.#value === "default") {
      this.#advance();
      fallback = this.#literal();
    }
    const steps: Step[] = [];
    while (this.#take("|")) steps.push(this.#step());
    if (this.#kind !== "end") throw this.#wrong("a comma, `default`, `|` or the end");
    if (sources.length > MAX_SOURCES || steps.length > MAX_TRANSFORMS)
      throw invalid(`at most ${MAX_SOURCES} sources and ${MAX_TRANSFORMS} transforms`, this.#text);
    return { sources, fallback, steps };
  }

  #source(): string {
    if (this.#kind === "word" && this.#value !== "default") {
      const source = this.#value;
      this.#advance();
      return source;
    }
    return this.#quoted("a source", false);
  }

  #literal(): Value {
    const want = "a text in quotes, a number, true or false";
    if (this.#kind !== "word") return this.#quoted(want);
    const value = parsed(this.#value);
    if (typeof value !== "boolean" && !(typeof value === "number" && Number.isFinite(value)))
      throw this.#wrong(want);
    this.#advance();
    return value;
  }

  #step(): Step {
    const name = this.#kind === "word" ? this.#value : "";
    const plain = PLAIN.get(name);
    const make = WITH_ARGUMENT.get(name);
    if (!plain && !make)
      throw this.#wrong(`one of ${[...PLAIN.keys(), ...WITH_ARGUMENT.keys()].join(", ")}`);
    this.#advance();
    if (plain) return plain;
    if (!this.#take("(")) throw this.#wrong(`${name}("…")`);
    const step = make!(this.#quoted("a text in quotes", name === "capture"));
    if (!this.#take(")")) throw this.#wrong("a closing parenthesis");
    return step;
  }

  #quoted(want: string, empty = true): string {
    const value = this.#kind === "text" ? parsed(this.#value) : undefined;
    if (typeof value !== "string") throw this.#wrong(want);
    if (UNPRINTABLE.test(value)) throw this.#wrong("printable characters");
    if (!value && !empty) throw this.#wrong("a text that is not empty");
    this.#advance();
    return value;
  }

  #take(sign: string): boolean {
    if (this.#kind !== "sign" || this.#value !== sign) return false;
    this.#advance();
    return true;
  }

  #advance(): void {
    const left = this.#text.slice(this.#next);
    if (!left.trim()) {
      [this.#kind, this.#value, this.#at] = ["end", "", this.#text.length];
      return;
    }
    TOKEN.lastIndex = this.#next;
    const found = TOKEN.exec(this.#text);
    if (!found) {
      [this.#kind, this.#value] = ["broken", left.trim()];
      this.#at = this.#text.trimEnd().length - this.#value.length;
      throw this.#wrong("a closing quote");
    }
    [this.#kind, this.#value] = Object.entries(found.groups!).find(
      (pair): pair is [string, string] => pair[1] !== undefined,
    )!;
    this.#next = TOKEN.lastIndex;
    this.#at = this.#next - this.#value.length;
  }

  #wrong(want: string): MappingRefused {
    const place = [...this.#text.slice(0, this.#at)].length + 1;
    return invalid(want, `${this.#value || "the end"} at character ${place} of ${this.#text}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
