import assert from "node:assert/strict";
import { FirewallError } from "../../../../daemon/firewall/firewall.ts";
import { bothFamilies } from "../../../../daemon/firewall/iptables/families.ts";

/** Both families, of which `broken` fail. */
function scene(broken: Readonly<Record<string, Error>>, ready = false) {
  const lines: string[] = [];
  const done: string[] = [];
  const families = bothFamilies(
    { name: "4", ready },
    { name: "6", ready },
    (level: string, text: string) => void lines.push(`${level}: ${text}`),
  );
  const work = ({ name }: { readonly name: string }) => {
    const error = broken[name];
    if (error !== undefined) return Promise.reject(error);
    done.push(name);
    return Promise.resolve();
  };
  return { families, lines, done, work };
}

const FAILS = new FirewallError("ip6tables failed", "look");
const ABSENT = new FirewallError("no ip6tables", "install it", { cause: new Deno.errors.NotFound("x") });

Deno.test("onBoth() goes on without IPv6, loudly where it fails, and never asks for it again", async () => {
  for (const [error, level] of [[FAILS, "error"], [ABSENT, "warning"]] as const) {
    const { families, lines, done, work } = scene({ 6: error });
    await families.onBoth(work);
    await families.onBoth(work);
    await families.onEach(work);
    assert.deepEqual(done, ["4", "4", "4"]);
    assert.deepEqual(lines, [`${level}: IPv6 grants are not possible here: ${error.message}`]);
    assert.equal(families.missing6, error.message);
  }
});

Deno.test("onBoth() needs IPv4, and IPv6 where that worked once", async () => {
  const four = scene({ 4: FAILS });
  await assert.rejects(four.families.onBoth(four.work), FAILS);
  assert.deepEqual(four.done, []);
  const six = scene({ 6: FAILS }, true);
  await assert.rejects(six.families.onBoth(six.work), FAILS);
  assert.equal(six.families.missing6, null);
});

Deno.test("onEach() does the one where the other fails, and says all that failed", async () => {
  for (const [name, other] of [["4", "6"], ["6", "4"]] as const) {
    const { families, done, work } = scene({ [name]: FAILS });
    await assert.rejects(families.onEach(work), FAILS);
    assert.deepEqual(done, [other]);
  }
  const both = scene({ 4: new FirewallError("one", "first"), 6: new FirewallError("two", "second") });
  await assert.rejects(both.families.onEach(both.work), (error: FirewallError) => {
    assert.deepEqual([error.message, error.hint], ["one; two", "first"]);
    return true;
  });
});

Deno.test("onEach() takes a host without IPv6 for what it is, and a mistake of our own for no failure of a program", async () => {
  const absent = scene({ 6: ABSENT });
  await absent.families.onEach(absent.work);
  assert.deepEqual(absent.lines, ["warning: IPv6 grants are not possible here: no ip6tables"]);
  const gone = scene({ 6: ABSENT }, true);
  await assert.rejects(gone.families.onEach(gone.work), ABSENT, "it was there before");
  const wrong = scene({ 4: new TypeError("x is undefined") });
  await assert.rejects(wrong.families.onEach(wrong.work), TypeError);
});
