import assert from "node:assert/strict";
import { createNameResolver, HOST_RESOLVER } from "../../../daemon/loop/resolve_name.ts";

/** A resolver whose questions are answered by hand. */
function byHand(parts: { readonly waitMs?: number; readonly most?: number } = {}) {
  const asked: { readonly host: string; readonly answer: PromiseWithResolvers<readonly string[]> }[] = [];
  const resolve = createNameResolver({
    ...parts,
    lookUp(host) {
      const answer = Promise.withResolvers<readonly string[]>();
      asked.push({ host, answer });
      return answer.promise;
    },
  });
  return { asked, resolve };
}

const answering = (answers: readonly string[]) => createNameResolver({ lookUp: () => Promise.resolve(answers) });

/** The address or the fault. */
async function text(found: ReturnType<ReturnType<typeof createNameResolver>>): Promise<string> {
  const result = await found;
  return result.ok ? result.value.text : result.fault;
}

Deno.test("a resolver gives the first address of the family that is a host and not this one", async () => {
  const all = ["0.0.0.0", "127.0.0.1", "224.0.0.1", "::1", "fe80::1%eth0", "10.0.0.5", "10.0.0.6", "fd00::5"];
  assert.equal(await text(answering(all)("a", 4)), "10.0.0.5");
  assert.equal(await text(answering(all)("a", 6)), "fd00::5");
  assert.equal(await text(answering(["::ffff:10.0.0.5"])("a", 6)), "it has no IPv6 address");
  assert.equal(await text(answering(["10.0.0.5"])("a", 6)), "it has no IPv6 address");
  assert.equal(await text(answering(["127.0.1.1", "0.0.0.0"])("a", 4)), "127.0.1.1 is no host that NAT can lead to");
  assert.equal(await text(answering(["ff02::1"])("a", 6)), "ff02::1 is no host that NAT can lead to");
  assert.equal(await text(answering([])("a", 4)), "it has no IPv4 address");
});

Deno.test("a resolver waits for an answer for so long and no longer", async () => {
  const { asked, resolve } = byHand({ waitMs: 1 });
  assert.equal(await text(resolve("hangs", 4)), "no answer within 0.001 seconds");
  asked[0]!.answer.resolve(["10.0.0.5"]);
});

Deno.test("a resolver asks for a name once at a time, and for so many names", async () => {
  const { asked, resolve } = byHand({ most: 2 });
  const answers = [resolve("a", 4), resolve("A", 4), resolve("a", 6), resolve("b", 4)];
  assert.equal(await text(answers[3]!), "2 names are being looked up already");
  assert.equal(asked.length, 2);
  asked[0]!.answer.resolve(["10.0.0.5"]);
  assert.deepEqual([await text(answers[0]!), await text(answers[1]!)], ["10.0.0.5", "10.0.0.5"]);
  const next = resolve("b", 4);
  assert.equal(asked.length, 3, "one that is answered counts no more");
  asked[1]!.answer.resolve([]);
  asked[2]!.answer.resolve(["10.0.0.6"]);
  assert.equal(await text(next), "10.0.0.6");
  void resolve("a", 4);
  assert.equal(asked.length, 4, "an answer is not kept");
  asked[3]!.answer.resolve([]);
});

Deno.test("what hangs counts until it ends, although nobody waits for it any more", async () => {
  const { asked, resolve } = byHand({ most: 1, waitMs: 1 });
  await text(resolve("hangs", 4));
  assert.equal(await text(resolve("other", 4)), "1 names are being looked up already");
  asked[0]!.answer.reject(new Error("over"));
  await asked[0]!.answer.promise.catch(() => {});
  await Promise.resolve();
  const again = resolve("other", 4);
  while (asked.length < 2) await Promise.resolve();
  asked[1]!.answer.resolve(["10.0.0.5"]);
  assert.equal(await text(again), "10.0.0.5");
});

Deno.test("a resolver that breaks is an answer", async () => {
  const broken = createNameResolver({ lookUp: () => Promise.reject(new Error("secret details")) });
  assert.equal(await text(broken("a", 4)), "it cannot be looked up");
  const thrown = createNameResolver({
    lookUp() {
      throw new Error("at once");
    },
  });
  assert.equal(await text(thrown("a", 4)), "it cannot be looked up");
});

Deno.test("HOST_RESOLVER is that of the machine", async () => {
  assert.deepEqual(await HOST_RESOLVER.lookUp("127.0.0.1", 4), ["127.0.0.1"]);
  const resolve = createNameResolver(HOST_RESOLVER);
  assert.equal(await text(resolve("127.0.0.1", 4)), "127.0.0.1 is no host that NAT can lead to");
  assert.match(await text(resolve("192.0.2.1", 6)), /not supported|family|address/i);
});
