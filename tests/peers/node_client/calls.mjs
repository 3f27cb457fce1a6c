// The official Node client, unmodified, at the end of a pipe.
//
// Settings come as the first line of standard input, then one call a line; each is answered by one
// line. Decides nothing: what is called, and what an answer has to be, is the test's business.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const stytch = createRequire(import.meta.url)("stytch");

// Parts of the client that are its own machinery; they hold the public calls a second time.
const OWN_BUSINESS = new Set(["fetchConfig", "jwtConfig", "jwtOptions", "policyCache"]);

function* callsOf(holder, names = []) {
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(holder))) {
    if (name !== "constructor" && typeof holder[name] === "function") yield [...names, name];
  }
  for (const [name, part] of Object.entries(holder)) {
    if (part && typeof part === "object" && !OWN_BUSINESS.has(name)) {
      yield* callsOf(part, [...names, name]);
    }
  }
}

async function answer({ call, params, session_token }) {
  const nouns = call.split(".");
  const name = nouns.pop();
  const holder = nouns.reduce((part, noun) => part[noun], client);
  const options = session_token ? [{ authorization: { session_token } }] : [];
  try {
    return { answer: await holder[name](params, ...options) };
  } catch (error) {
    const { code, message, status_code, error_message, error_url, request_id } = error;
    // Some calls put the server's error inside an error of their own.
    const error_type = error.error_type ?? /"error_type":"(\w+)"/.exec(message)?.[1];
    return {
      error: { code, message, status_code, error_type, error_message, error_url, request_id },
    };
  }
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
let client;
for await (const line of createInterface({ input: process.stdin })) {
  if (client) {
    say(await answer(JSON.parse(line)));
  } else {
    client = new stytch.B2BClient(JSON.parse(line));
    say([...callsOf(client)].map((names) => names.join(".")));
  }
}
