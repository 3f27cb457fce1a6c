// JSON of which no two readers have different opinions.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readStrictJson } from "../dist/strict_json.js";

for (const text of [
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"x":[{"a":{}, "b":[], "a" : null}]}',
  '{"a":{"a":1},"b":0,"a":2}',
  "{",
  "NaN",
])
  test(`what can be read in two ways is refused: ${text}`, () => {
    assert.throws(() => readStrictJson(text), SyntaxError);
  });

for (const text of [
  '{"a":{"a":{"a":1}},"b":"a"}',
  '["a","a",{"a":"a"},{"a":"{\\"a\\":1,\\"a\\":2}"}]',
  '{"a":"\\\\","b":"\\":","c":": {"}',
])
  test(`what is clear is read: ${text}`, () => {
    assert.deepEqual(readStrictJson(text), JSON.parse(text));
  });
