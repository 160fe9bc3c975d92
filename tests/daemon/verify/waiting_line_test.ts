import assert from "node:assert/strict";
import type { Ip } from "../../../lib/net/address.ts";
import { MOST_WAITING, waitingLine } from "../../../daemon/verify/waiting_line.ts";
import { ip } from "../../fakes/knock.ts";

interface Packet {
  readonly source: Ip;
  readonly name: string;
}

const packet = (source: string, name = source): Packet => ({ source: ip(source), name });
const stranger = (n: number) => packet(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`);
/** A shelf of the objects themselves, which are their labels too. */
function shelf() {
  const places: Packet[] = [];
  const at = (place: number) => places[place]!;
  return { put: (place: number, one: Packet) => void (places[place] = one), labelOf: at, take: at };
}
const newLine = () => waitingLine(7, shelf());
const ME = "192.0.2.1";
/** Each class has its turn, and a source of which nothing was tried is the first of its class. */
const SOON = 8;

/** All that wait, in the order in which they are taken; each costs a millisecond. */
function taken(line: ReturnType<typeof newLine>, now: number): string[] {
  const names: string[] = [];
  for (let one = line.next(now); one !== null; one = line.next(now)) {
    names.push(one.name);
    line.spend(1);
  }
  assert.equal(line.size, 0);
  return names;
}

Deno.test("of sources of which nothing is known the newest is first, and the one whose turn was is last", () => {
  const line = newLine();
  line.add(packet("10.0.0.1"), 0);
  line.add(packet("10.0.0.2"), 1);
  assert.deepEqual(taken(line, 2), ["10.0.0.2", "10.0.0.1"]);
  for (const n of [1, 2, 3]) line.add(packet(`10.0.0.${n}`), 1000);
  assert.deepEqual(taken(line, 1000), ["10.0.0.3", "10.0.0.2", "10.0.0.1"], "both had their turn at the same time");
  line.add(packet("10.0.0.1"), 2000);
  assert.deepEqual(taken(line, 2000), ["10.0.0.1"]);
  for (const n of [1, 2, 3]) line.add(packet(`10.0.0.${n}`), 3000);
  assert.equal(taken(line, 3000).at(-1), "10.0.0.1");
  for (const n of [1, 2]) line.add(packet(`10.0.0.${n}`), 14_000);
  assert.deepEqual(taken(line, 14_000), ["10.0.0.2", "10.0.0.1"], "ten seconds later that is forgotten");
});

Deno.test("one source may fill the line, and neither hinders others nor drives them out", () => {
  const line = newLine();
  const add = (from: string, name: string, now: number) => line.add(packet(from, name), now)?.name ?? null;
  for (let n = 0; n < 10_000; n++) {
    assert.match(add("10.0.0.1", `junk ${n}`, n) ?? "null", n < MOST_WAITING ? /^null$/ : /^junk/);
  }
  assert.match(line.next(10_000)?.name ?? "", /^junk/);
  assert.equal(add(ME, "me", 10_001), null);
  for (let n = 0; n < 100; n++) assert.match(add("10.0.0.1", "more", 10_002) ?? "", /^junk|^more/);
  for (let n = 0; n < 3; n++) assert.match(add("10.0.0.2", `few ${n}`, 10_003) ?? "", /^junk|^more/);
  const [first, ...others] = taken(line, 10_003);
  assert.equal(first, "few 2");
  assert.ok(others.indexOf("me") < SOON, "each source in its turn");
});

Deno.test("a first try is soon amid a flood of a crowd that comes again and again, whether or not they get their turn", () => {
  const floods = [[1000, 20, 0.05], [1000, Infinity, 0.05], [20_000, 40, 0.05], [50_000, 41, 0.25]] as const;
  for (const [crowd, nth, apart] of floods) {
    const line = newLine();
    let now = 0, n = 0;
    for (; n < 5 * Math.max(crowd, 20_000); n++, now += apart) {
      line.add(stranger(n % crowd), now);
      if (n % nth === 0 && line.next(now) !== null) line.spend(0.4);
    }
    line.add(packet(ME), now);
    for (const end = n + 100; n < end; n++) line.add(stranger(n % crowd), now);
    const place = taken(line, now).indexOf(ME);
    assert.ok(place >= 0 && place < SOON, `a crowd of ${crowd}: ${place}`);
  }
});

Deno.test("a second try is soon amid a flood of sources that never come again; too late it is a first one", () => {
  for (const [later, soon] of [[400, true], [600, true], [9900, true], [30_200, false]] as const) {
    const line = newLine();
    let now = 0, n = 0;
    const flood = (ms: number, nth = 20) => {
      for (const end = now + ms; now < end; now += 0.1) {
        line.add(stranger(n), now);
        if (n++ % nth === 0 && line.next(now) !== null) line.spend(0.4);
      }
    };
    flood(100);
    assert.ok(line.size >= MOST_WAITING - 1);
    assert.equal(line.add(packet(ME), now)?.name === ME, false);
    flood(later);
    line.add(packet(ME, "again"), now);
    flood(10, Infinity);
    const place = taken(line, now).indexOf("again");
    assert.equal(place >= 0 && place < SOON, soon, `${later} ms later: ${place}`);
  }
});

Deno.test("half of the time is for sources that opened something, the newest first, and what one half leaves is the other's", () => {
  const line = newLine();
  const openers = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  for (const [n, source] of openers.entries()) line.noteOpened(ip(source), n * 10);
  for (let n = 0; n < 4; n++) line.add(stranger(n), 1000);
  for (const source of openers) line.add(packet(source), 1000);
  const order = taken(line, 1000);
  assert.deepEqual(order.filter((name) => name.startsWith("192")), openers.toReversed());
  assert.deepEqual(order.map((name) => name.startsWith("192") ? "o" : "s").join(""), "osososs");
});

Deno.test("the half is one of time, not of packets", () => {
  const line = newLine();
  let now = 0;
  const spent = { opener: 0, other: 0 };
  line.noteOpened(ip(ME), 0);
  for (let n = 0; n < 2000; n++, now += 10) {
    line.add(packet(ME), now);
    line.add(stranger(n), now);
    const one = line.next(now);
    const kind = one?.name === ME ? "opener" : "other";
    const ms = kind === "opener" ? 9 : 1;
    line.spend(ms);
    spent[kind] += ms;
  }
  assert.ok(Math.abs(spent.opener - spent.other) <= 100, JSON.stringify(spent));
});

Deno.test("whoever spoofs sources that opened takes their half, and not the other", () => {
  const line = newLine();
  for (let n = 0; n < 100; n++) line.noteOpened(stranger(n).source, n);
  let others = 0;
  for (let n = 0; n < 1000; n++) {
    line.add(stranger(n % 100), 1000 + n);
    line.add(packet(`172.16.${n >> 8}.${n & 255}`), 1000 + n);
    if (line.next(1000 + n)?.name.startsWith("172")) others++;
    line.spend(1);
  }
  assert.equal(others, 500);
});

Deno.test("a source counts as one that opened for a day", () => {
  const DAY = 24 * 3600 * 1000;
  for (const [later, first] of [[DAY, true], [DAY + 10, false]] as const) {
    const line = newLine();
    line.noteOpened(ip(ME), 0);
    line.add(packet(ME), later);
    line.add(packet("10.0.0.1"), later);
    assert.equal(line.next(later)?.name === ME, first);
  }
});

Deno.test("nobody is lost: whatever comes is taken, or given back as the one that has to go, once", () => {
  const line = newLine();
  const ends = new Map<string, number>();
  const note = (one: Packet | null) => one !== null && ends.set(one.name, (ends.get(one.name) ?? 0) + 1);
  for (let n = 0; n < 5000; n++) {
    if (n % 7 === 0) line.noteOpened(stranger(n % 50).source, n);
    note(line.add({ ...stranger((n * 7919) % 300), name: `${n}` }, n));
    assert.ok(line.size <= 2 * MOST_WAITING);
    if (n % 3 === 0) note(line.next(n));
  }
  for (const name of taken(line, 5000)) note(packet(ME, name));
  assert.equal(ends.size, 5000);
  assert.ok([...ends.values()].every((count) => count === 1));
});
