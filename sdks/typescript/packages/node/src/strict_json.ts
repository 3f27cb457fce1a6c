// JSON of which no two readers have different opinions: a member that stands there twice is refused.

const TOKENS = /("(?:[^"\\]|\\.)*")\s*(:?)|[{}]/g;

/** Throws a `SyntaxError` where it is no JSON, or an object has a member twice. */
export function readStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // It is JSON: so a string before a colon is a name, in the object that was opened last.
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (string && colon) {
      const names = open.at(-1)!;
      const name = JSON.parse(string) as string;
      if (names.has(name)) throw new SyntaxError("a member twice");
      names.add(name);
    }
  }
  return value;
}
