// Regular expressions whose time is linear in the text, whatever the pattern says: an administrator
// of a customer writes these patterns, and JavaScript's own engine would let them stop the program.
//
// Reads RE2's syntax as far as mappings need it, and refuses the rest: what RE2 has and this has not is
// a `SyntaxError`, and never another meaning. All alternatives are followed side by side (Pike's
// algorithm), the first of them counting as in Perl. A lone surrogate is no text.

const MAX_REPEAT = 1000;
const MAX_STEPS = 10_000;

type Ranges = readonly (readonly [number, number])[];

type Node =
  | { readonly kind: "one"; readonly test: (character: number) => boolean }
  | { readonly kind: "all"; readonly parts: readonly Node[] }
  | { readonly kind: "any"; readonly parts: readonly Node[] }
  | { readonly kind: "group"; readonly index: number; readonly inner: Node }
  | { readonly kind: "at"; readonly test: (before: number, after: number) => boolean }
  | {
      readonly kind: "repeat";
      readonly inner: Node;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

type Instruction =
  | { readonly op: "one"; readonly test: (character: number) => boolean }
  | { readonly op: "at"; readonly test: (before: number, after: number) => boolean }
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "match" };

const NONE = -1; // before the first character and after the last
const DIGITS: Ranges = [[48, 57]];
const WORD: Ranges = [[48, 57], [65, 90], [95, 95], [97, 122]];
const SPACE: Ranges = [[9, 10], [12, 13], [32, 32]];
const PERL: Readonly<Record<string, Ranges>> = { d: DIGITS, w: WORD, s: SPACE };
const CLASSES: Readonly<Record<string, Ranges>> = {
  alnum: [[48, 57], [65, 90], [97, 122]],
  alpha: [[65, 90], [97, 122]],
  ascii: [[0, 127]],
  blank: [[9, 9], [32, 32]],
  cntrl: [[0, 31], [127, 127]],
  digit: DIGITS,
  graph: [[33, 126]],
  lower: [[97, 122]],
  print: [[32, 126]],
  punct: [[33, 47], [58, 64], [91, 96], [123, 126]],
  space: [[9, 13], [32, 32]],
  upper: [[65, 90]],
  word: WORD,
  xdigit: [[48, 57], [65, 70], [97, 102]],
};
const ESCAPED: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

export class Pattern {
  /** How many groups capture. */
  readonly groups: number;
  readonly #program: Instruction[];

  /** Throws a `SyntaxError` where the pattern is none, or is one that this engine does not know. */
  constructor(text: string) {
    const parser = new Parser(text);
    const node = parser.pattern();
    this.groups = parser.groups;
    this.#program = compile({ kind: "group", index: 0, inner: node });
  }

  /** The first group of the first match, or all of it where there is no group; undefined where nothing
   * matches or the group took no part. */
  find(text: string): string | undefined {
    if (/\p{Surrogate}/u.test(text)) return undefined;
    const slots = this.#run(text);
    const group = Math.min(this.groups, 1) * 2;
    const [from, to] = [slots?.[group], slots?.[group + 1]];
    return from === undefined || to === undefined ? undefined : text.slice(from, to);
  }

  #run(text: string): Slots | undefined {
    const program = this.#program;
    let matched: Slots | undefined;
    let threads: Thread[] = [];
    let before = NONE;
    for (let at = 0; ; ) {
      const after = at < text.length ? text.codePointAt(at)! : NONE;
      // The threads that wait here, in their order; a new one last, as long as nothing matched.
      const seen = new Set<number>();
      const ready: Thread[] = [];
      for (const thread of threads) follow(program, thread, at, before, after, seen, ready);
      if (!matched) follow(program, { pc: 0, slots: [] }, at, before, after, seen, ready);
      threads = [];
      for (const { pc, slots } of ready) {
        const instruction = program[pc]!;
        if (instruction.op === "match") {
          matched = slots;
          break; // what stands behind it is of less weight
        }
        if (instruction.op === "one" && after !== NONE && instruction.test(after))
          threads.push({ pc: pc + 1, slots });
      }
      if (after === NONE || (matched && !threads.length)) return matched;
      before = after;
      at += after > 0xffff ? 2 : 1;
    }
  }
}

type Slots = readonly (number | undefined)[];
interface Thread {
  readonly pc: number;
  readonly slots: Slots;
}

/** Goes on from a thread to all places that wait for a character, without a recursion. */
function follow(
  program: readonly Instruction[],
  start: Thread,
  at: number,
  before: number,
  after: number,
  seen: Set<number>,
  ready: Thread[],
): void {
  const waiting = [start];
  for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
    const { pc, slots } = thread;
    if (seen.has(pc)) continue;
    seen.add(pc);
    const instruction = program[pc]!;
    if (instruction.op === "jump") waiting.push({ pc: instruction.to, slots });
    else if (instruction.op === "split") {
      waiting.push({ pc: instruction.second, slots }, { pc: instruction.first, slots });
    } else if (instruction.op === "save") {
      const changed = [...slots];
      changed[instruction.slot] = at;
      waiting.push({ pc: pc + 1, slots: changed });
    } else if (instruction.op === "at") {
      if (instruction.test(before, after)) waiting.push({ pc: pc + 1, slots });
    } else ready.push(thread);
  }
}

function compile(node: Node): Instruction[] {
  const program: Instruction[] = [];
  const add = <T extends Instruction>(instruction: T): T => {
    if (program.length >= MAX_STEPS) throw new SyntaxError("the pattern is too large");
    program.push(instruction);
    return instruction;
  };
  const split = (lazy: boolean) => {
    const made = add({ op: "split" as const, first: 0, second: 0 });
    const [inside, past] = lazy ? (["second", "first"] as const) : (["first", "second"] as const);
    return {
      enter: (to = program.length) => void (made[inside] = to),
      leave: (to = program.length) => void (made[past] = to),
    };
  };
  const emit = (one: Node): void => {
    if (one.kind === "one") add({ op: "one", test: one.test });
    else if (one.kind === "at") add({ op: "at", test: one.test });
    else if (one.kind === "all") one.parts.forEach(emit);
    else if (one.kind === "group") {
      add({ op: "save", slot: one.index * 2 });
      emit(one.inner);
      add({ op: "save", slot: one.index * 2 + 1 });
    } else if (one.kind === "any") {
      const ends: { to: number }[] = [];
      one.parts.forEach((part, index) => {
        if (index === one.parts.length - 1) return emit(part);
        const fork = split(false);
        fork.enter();
        emit(part);
        ends.push(add({ op: "jump", to: 0 }));
        fork.leave();
      });
      for (const end of ends) end.to = program.length;
    } else {
      for (let count = 1; count < one.least; count++) emit(one.inner);
      if (one.most === Infinity) {
        // As RE2 has it, where the inner part can be empty: x* is (x+)?, and the loop is at its end.
        const maybe = one.least ? undefined : split(one.lazy);
        maybe?.enter();
        const start = program.length;
        emit(one.inner);
        const fork = split(one.lazy);
        fork.enter(start);
        fork.leave();
        maybe?.leave();
      } else {
        if (one.least) emit(one.inner);
        const forks = [];
        for (let count = one.least; count < one.most; count++) {
          const fork = split(one.lazy);
          fork.enter();
          forks.push(fork);
          emit(one.inner);
        }
        for (const fork of forks) fork.leave();
      }
    }
  };
  emit(node);
  add({ op: "match" });
  return program;
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

class Parser {
  groups = 0;
  readonly #text: string[];
  #at = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };
  #depth = 0;

  constructor(text: string) {
    this.#text = [...text];
  }

  pattern(): Node {
    const node = this.#alternatives();
    if (this.#at < this.#text.length) throw new SyntaxError("unexpected )");
    return node;
  }

  get #now(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(wanted: string): boolean {
    const there = this.#text.slice(this.#at, this.#at + wanted.length).join("");
    if (there !== wanted) return false;
    this.#at += wanted.length;
    return true;
  }

  #alternatives(): Node {
    if (++this.#depth > 200) throw new SyntaxError("nested too deeply");
    const flags = this.#flags;
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    this.#flags = flags; // what a group changes ends with it
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: "any", parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#now && this.#now !== "|" && this.#now !== ")") {
      if (this.#take("\\Q")) {
        const quoted: Node[] = [];
        while (this.#now && !this.#take("\\E")) quoted.push(this.#character(this.#text[this.#at++]!));
        const last = quoted.pop();
        parts.push(...quoted);
        if (last) parts.push(this.#repeated(last));
        continue;
      }
      const node = this.#atom();
      if (node) parts.push(this.#repeated(node));
      else if (this.#bounds()) throw new SyntaxError("flags cannot be repeated");
    }
    return { kind: "all", parts };
  }

  #repeated(inner: Node): Node {
    const bounds = this.#bounds();
    if (!bounds) return inner;
    const [least, most] = bounds;
    const lazy = this.#take("?") !== this.#flags.U;
    if (this.#bounds()) throw new SyntaxError("two repetitions");
    return { kind: "repeat", inner, least, most, lazy };
  }

  #bounds(): [number, number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 16).join(""));
    if (!found) return undefined;
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] ? (found[3] ? Number(found[3]) : Infinity) : least;
    if (least > MAX_REPEAT || (most !== Infinity && most > MAX_REPEAT) || most < least)
      throw new SyntaxError("repeated too often");
    return [least, most];
  }

  #atom(): Node | undefined {
    if (this.#bounds()) throw new SyntaxError("nothing to repeat");
    const now = this.#text[this.#at++]!;
    if (now === "(") return this.#group();
    if (now === "[") return this.#class();
    if (now === "\\") return this.#escape();
    if (now === ".") {
      const { s } = this.#flags;
      return { kind: "one", test: (character) => s || character !== 10 };
    }
    if (now === "^") {
      const { m } = this.#flags;
      return { kind: "at", test: (before) => before === NONE || (m && before === 10) };
    }
    if (now === "$") {
      const { m } = this.#flags;
      return { kind: "at", test: (_, after) => after === NONE || (m && after === 10) };
    }
    return this.#character(now);
  }

  #group(): Node | undefined {
    const flags = this.#flags;
    let index: number | undefined;
    if (!this.#take("?")) index = ++this.groups;
    else if (this.#take("P<") || (this.#now === "<" && this.#take("<"))) {
      let name = "";
      while (/^\w$/.test(this.#now)) name += this.#text[this.#at++]!;
      if (!name || !this.#take(">")) throw new SyntaxError("no name of a group");
      index = ++this.groups;
    } else {
      let on = true;
      const changed = { ...flags };
      while (/^[imsU-]$/.test(this.#now)) {
        const flag = this.#text[this.#at++]!;
        if (flag !== "-") changed[flag as keyof Flags] = on;
        else if (on) on = false;
        else throw new SyntaxError("two signs among the flags");
      }
      this.#flags = changed;
      if (this.#take(")")) return undefined; // from here to the end of the group around it
      if (!this.#take(":")) throw new SyntaxError("an unknown kind of group");
    }
    const inner = this.#alternatives();
    this.#flags = flags;
    if (!this.#take(")")) throw new SyntaxError("a missing )");
    return index === undefined ? inner : { kind: "group", index, inner };
  }

  #escape(): Node {
    const now = this.#text[this.#at++];
    if (now === undefined) throw new SyntaxError("a backslash at the end");
    if (now === "A") return { kind: "at", test: (before) => before === NONE };
    if (now === "z") return { kind: "at", test: (_, after) => after === NONE };
    if (now === "b" || now === "B")
      return {
        kind: "at",
        test: (before, after) => (within(WORD, before) !== within(WORD, after)) === (now === "b"),
      };
    const set = this.#set(now);
    return set ? { kind: "one", test: set } : this.#character(this.#escaped(now));
  }

  /** `\d`, `\pL` and their like, outside and inside of brackets. */
  #set(now: string): ((character: number) => boolean) | undefined {
    const ranges = /^[dws]$/i.test(now) ? PERL[now.toLowerCase()] : undefined;
    if (ranges) {
      const wanted = now === now.toLowerCase();
      return (character) => within(ranges, character) === wanted;
    }
    if (now !== "p" && now !== "P") return undefined;
    let name = this.#text[this.#at++] ?? "";
    if (name === "{") {
      name = "";
      while (this.#now && this.#now !== "}") name += this.#text[this.#at++]!;
      if (!this.#take("}")) throw new SyntaxError("a missing }");
    }
    const wanted = name.startsWith("^") === (now === "P");
    name = name.replace(/^\^/, "");
    if (!/^\w+$/.test(name)) throw new SyntaxError("an unknown class");
    const general = /^[CLMNPSZ][a-z]?$/.test(name);
    const test = new RegExp(general ? `\\p{${name}}` : `\\p{Script=${name}}`, "u");
    return (character) => test.test(String.fromCodePoint(character)) === wanted;
  }

  #escaped(now: string): string {
    if (Object.hasOwn(ESCAPED, now)) return String.fromCodePoint(ESCAPED[now]!);
    if (now === "x") {
      const found = /^(?:\{([0-9a-f]{1,6})\}|([0-9a-f]{2}))/i.exec(
        this.#text.slice(this.#at, this.#at + 8).join(""),
      );
      const code = parseInt(found?.[1] ?? found?.[2] ?? "", 16);
      if (!found || !(code <= 0x10ffff)) throw new SyntaxError("no character");
      this.#at += found[0].length;
      return String.fromCodePoint(code);
    }
    // Letters and digits mean something, or nothing: back references are not for linear time.
    if (/^[A-Za-z0-9]$/.test(now)) throw new SyntaxError(`an unknown escape \\${now}`);
    return now;
  }

  #class(): Node {
    const negated = this.#take("^");
    const tests: ((character: number) => boolean)[] = [];
    for (let first = true; first || this.#now !== "]"; first = false) {
      if (!this.#now) throw new SyntaxError("a missing ]");
      const named = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16).join(""));
      if (named) {
        const ranges = Object.hasOwn(CLASSES, named[2]!) ? CLASSES[named[2]!] : undefined;
        if (!ranges) throw new SyntaxError("an unknown class");
        this.#at += named[0].length;
        tests.push(this.#folded((character) => within(ranges, character) === !named[1]));
        continue;
      }
      const from = this.#member();
      if (typeof from === "function") {
        tests.push(from);
        continue;
      }
      let to = from;
      if (this.#now === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        const end = this.#now ? this.#member() : NONE;
        if (typeof end === "function" || end < from) throw new SyntaxError("no range");
        to = end;
      }
      tests.push(this.#folded((character) => character >= from && character <= to));
    }
    this.#at++;
    return { kind: "one", test: (character) => tests.some((test) => test(character)) !== negated };
  }

  #member(): number | ((character: number) => boolean) {
    const now = this.#text[this.#at++]!;
    if (now !== "\\") return now.codePointAt(0)!;
    const escaped = this.#text[this.#at++];
    if (escaped === undefined) throw new SyntaxError("a backslash at the end");
    return this.#set(escaped) ?? this.#escaped(escaped).codePointAt(0)!;
  }

  #character(text: string): Node {
    const wanted = text.codePointAt(0)!;
    return { kind: "one", test: this.#folded((character) => character === wanted) };
  }

  /** Under (?i) a character is also what its small and its large letter are. */
  #folded(test: (character: number) => boolean): (character: number) => boolean {
    if (!this.#flags.i) return test;
    return (character) => equals(character).some(test);
  }
}

function within(ranges: Ranges, character: number): boolean {
  return ranges.some(([from, to]) => character >= from && character <= to);
}

/** The characters that differ from one in nothing but the case. */
function equals(character: number): number[] {
  const text = String.fromCodePoint(character);
  const forms = [text, text.toLowerCase(), text.toUpperCase()];
  for (const form of [...forms]) forms.push(form.toLowerCase(), form.toUpperCase());
  const single = [...new Set(forms)].filter((form) => [...form].length === 1);
  return single.map((form) => form.codePointAt(0)!);
}
