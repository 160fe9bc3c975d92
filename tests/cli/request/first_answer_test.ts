import assert from "node:assert/strict";
import { type Asking, firstAnswer } from "../../../cli/request/first_answer.ts";
import { parseIp } from "../../../lib/net/address.ts";
import { fail, ok } from "../../../lib/result.ts";

const URLS = ["https://a.example/", "https://b.example/", "https://c.example/"].map((url) => new URL(url));

/** Services by the letter of their host: an address, a fault, or null for one that never answers by itself. */
function services(answers: Readonly<Record<string, string | null>>) {
  const asked: string[] = [];
  const broken: string[] = [];
  const ask: Asking = async ({ hostname }, abort) => {
    const name = hostname.charAt(0);
    asked.push(name);
    const answer = answers[name];
    if (answer === null) {
      await new Promise((resolve) => abort.addEventListener("abort", resolve));
      broken.push(name);
      return fail("broken off");
    }
    const ip = parseIp(answer ?? "");
    return ip.ok ? ok(ip.value) : fail(answer ?? "");
  };
  return { asked, broken, ask };
}

Deno.test("a service that fails gives the turn to the next at once, and the first good answer counts", async () => {
  const { ask, asked } = services({ a: "no route", b: "203.0.113.2", c: "203.0.113.3" });
  const answer = await firstAnswer(URLS, ask, { headStartMs: 3_600_000 });
  assert.ok(answer.ok);
  assert.deepEqual([answer.ip.text, answer.url.hostname, asked], ["203.0.113.2", "b.example", ["a", "b"]]);
});

Deno.test("a service that is silent keeps nobody waiting: the next is asked beside it, told, and it is broken off", async () => {
  const { ask, asked, broken } = services({ a: null, b: null, c: "203.0.113.3" });
  const told: string[] = [];
  const answer = await firstAnswer(URLS, ask, { headStartMs: 1, onNext: ({ hostname }) => told.push(hostname) });
  assert.ok(answer.ok);
  assert.equal(answer.ip.text, "203.0.113.3");
  assert.deepEqual([asked, broken, told], [["a", "b", "c"], ["a", "b"], ["b.example", "c.example"]]);
});

Deno.test("where all fail, each is told with its reason, in their order", async () => {
  const { ask } = services({ a: "no route", b: "refused", c: "a page" });
  const answer = await firstAnswer(URLS, ask, { headStartMs: 3_600_000 });
  assert.ok(!answer.ok);
  assert.deepEqual(answer.failures.map(([url, reason]) => `${url.hostname}: ${reason}`), [
    "a.example: no route",
    "b.example: refused",
    "c.example: a page",
  ]);
});

Deno.test("what asking throws ends all of it", async () => {
  const ask: Asking = ({ hostname }, abort) =>
    hostname === "b.example"
      ? Promise.reject(new Error("thrown"))
      : new Promise((resolve) => abort.addEventListener("abort", () => resolve(fail("broken off"))));
  await assert.rejects(firstAnswer(URLS, ask, { headStartMs: 1 }), /thrown/);
});
