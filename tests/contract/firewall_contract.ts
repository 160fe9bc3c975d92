/**
 * What every packet filter backend must do, told once. A backend's test makes a rig – a host with that packet filter,
 * and a way to try connections – and calls `firewallContract`. A deviation is a `skip` entry with its reason.
 */
import assert from "node:assert/strict";
import { type Access, accessKey, type Firewall, type Grant } from "../../daemon/firewall/firewall.ts";
import { type Ip, parseIp } from "../../lib/net/address.ts";
import type { Service } from "../../lib/net/service.ts";

/** A connection attempt. */
export interface OpenedPacket {
  readonly from: "knocker" | "stranger";
  readonly family: 4 | 6;
  readonly service: Service;
  /** Which of the server's two addresses of the family. Default: the first. */
  readonly to?: "first" | "second";
}

/** A host with a packet filter that lets nobody in. */
export interface FirewallRig extends AsyncDisposable {
  /** Starts "the daemon" anew: a fresh backend on the same host. */
  open(options: { readonly flushAtInit: boolean }): Promise<Firewall>;
  /** Unix seconds, as the packet filter counts them. */
  now(): number;
  readonly addresses: Readonly<Record<"knocker" | "stranger" | "first" | "second", { readonly 4: Ip; readonly 6: Ip }>>;
  /** Whether a new connection gets in. */
  admits(attempt: OpenedPacket): Promise<boolean>;
  /** The rules of the host as text, without counters and times. */
  ruleset(): Promise<string>;
  /** Puts the administrator's own rules back, as loading their file would: everything of ours is gone. */
  reload(): Promise<void>;
  /** Removes the jump to our chains, and nothing else. */
  loseJump(): Promise<void>;
  /** Empties our chains or sets. */
  loseGrants(): Promise<void>;
}

/** How to run the contract. */
export interface ContractOptions {
  readonly makeRig: () => Promise<FirewallRig>;
  /** Registers a test: `Deno.test`, or `labTest` where namespaces are needed. */
  readonly test: (name: string, body: () => Promise<void>) => void;
  /** Whether it opens doors to what others publish. */
  readonly publishes?: boolean;
  readonly skip?: readonly { readonly case: string; readonly reason: string }[];
}

const SSH: Service = { proto: "tcp", port: 22 };
const DNS: Service = { proto: "udp", port: 53 };
const FAMILIES = [4, 6] as const;

/** Registers one test per case. */
export function firewallContract(name: string, options: ContractOptions): void {
  const known = new Set(CASES.map(([title]) => title));
  for (const { case: title } of options.skip ?? []) assert.ok(known.has(title), `no such case: ${title}`);
  for (const [title, body] of options.publishes === true ? [...CASES, PUBLISHED] : CASES) {
    const skip = options.skip?.find((entry) => entry.case === title);
    if (skip !== undefined) {
      console.log(`${name} ${title}: not so here, because ${skip.reason}`);
      continue;
    }
    options.test(`${name} ${title}`, async () => {
      await using rig = await options.makeRig();
      await body(new Scene(rig));
    });
  }
}

/** Words for the cases. */
class Scene {
  constructor(readonly rig: FirewallRig) {}

  async start(flushAtInit = true): Promise<Firewall> {
    const firewall = await this.rig.open({ flushAtInit });
    await firewall.prepare();
    return firewall;
  }

  access(family: 4 | 6, service = SSH, destination: "first" | null = null): Access {
    const { knocker, first } = this.rig.addresses;
    return { slot: "input", source: knocker[family], destination: destination && first[family], service };
  }

  grant(access: Access, seconds = 600): Grant {
    return { access, expiresAt: this.rig.now() + seconds };
  }

  /** Grants and insists that it worked. Returns what was already open. */
  async give(firewall: Firewall, batch: readonly Grant[], live: readonly Grant[] = []): Promise<readonly boolean[]> {
    const outcomes = await firewall.grant(batch, live, this.rig.now());
    assert.equal(outcomes.length, batch.length);
    return outcomes.map((outcome) => {
      if (!outcome.ok) assert.fail(`refused: ${outcome.reason}`);
      return outcome.alreadyOpen;
    });
  }

  async assertOpen(family: 4 | 6, service = SSH): Promise<void> {
    assert.ok(await this.rig.admits({ from: "knocker", family, service }), `IPv${family} ${service.port} is shut`);
    assert.ok(
      !await this.rig.admits({ from: "stranger", family, service }),
      `IPv${family} ${service.port} is open to a stranger`,
    );
  }

  async assertShut(family: 4 | 6, service = SSH): Promise<void> {
    for (const from of ["knocker", "stranger"] as const) {
      assert.ok(!await this.rig.admits({ from, family, service }), `IPv${family} ${service.port} is open to ${from}`);
    }
  }

  /** Compares what is listed with what should be open; kernels count remaining time, so a second may be lost. */
  async assertListed(firewall: Firewall, expected: readonly Grant[]): Promise<void> {
    assertSameGrants(await firewall.list(), expected);
  }
}

/** Same grants, each once, with the same end up to a second. */
export function assertSameGrants(actual: readonly Grant[], expected: readonly Grant[]): void {
  const byKey = (grants: readonly Grant[]) => grants.map(({ access }) => accessKey(access)).sort();
  assert.deepEqual(byKey(actual), byKey(expected));
  for (const { access, expiresAt } of expected) {
    const found = actual.find((grant) => accessKey(grant.access) === accessKey(access));
    assert.ok(Math.abs((found?.expiresAt ?? 0) - expiresAt) <= 1, `${accessKey(access)} ends at ${found?.expiresAt}`);
  }
}

const CASES: readonly (readonly [title: string, body: (scene: Scene) => Promise<void>])[] = [
  ["prepares once: a second time changes nothing", async (scene) => {
    const firewall = await scene.rig.open({ flushAtInit: true });
    assert.deepEqual(await firewall.prepare(), []);
    const once = await scene.rig.ruleset();
    assert.deepEqual(await firewall.prepare(), []);
    assert.equal(await scene.rig.ruleset(), once);
    for (const family of FAMILIES) await scene.assertShut(family);
  }],

  ["opens exactly the door that was granted", async (scene) => {
    const firewall = await scene.start();
    const batch = FAMILIES.flatMap((family) => [SSH, DNS].map((service) => scene.grant(scene.access(family, service))));
    assert.deepEqual(await scene.give(firewall, batch), [false, false, false, false]);
    for (const family of FAMILIES) {
      await scene.assertOpen(family, SSH);
      await scene.assertOpen(family, DNS);
      await scene.assertShut(family, { proto: "tcp", port: 53 });
      await scene.assertShut(family, { proto: "udp", port: 22 });
    }
  }],

  ["opens a door to one address of the server only", async (scene) => {
    const firewall = await scene.start();
    await scene.give(firewall, FAMILIES.map((family) => scene.grant(scene.access(family, SSH, "first"))));
    for (const family of FAMILIES) {
      await scene.assertOpen(family);
      assert.ok(!await scene.rig.admits({ from: "knocker", family, service: SSH, to: "second" }));
    }
  }],

  ["keeps a door with and one without a destination apart", async (scene) => {
    const firewall = await scene.start();
    const [narrow, wide] = [scene.grant(scene.access(4, SSH, "first")), scene.grant(scene.access(4))];
    await scene.give(firewall, [narrow]);
    assert.deepEqual(await scene.give(firewall, [wide], [narrow]), [false]);
    await scene.assertListed(firewall, [narrow, wide]);
    await firewall.revoke([wide]);
    await scene.assertListed(firewall, [narrow]);
    assert.ok(!await scene.rig.admits({ from: "knocker", family: 4, service: SSH, to: "second" }));
  }],

  ["never shortens an open door", async (scene) => {
    const firewall = await scene.start();
    for (const family of FAMILIES) {
      const long = scene.grant(scene.access(family), 600);
      await scene.give(firewall, [long]);
      assert.deepEqual(await scene.give(firewall, [long], [long]), [true]);
      assert.deepEqual(await scene.give(firewall, [scene.grant(scene.access(family), 60)], [long]), [true]);
      assertSameGrants((await firewall.list()).filter(({ access }) => accessKey(access) === accessKey(long.access)), [
        long,
      ]);
    }
  }],

  ["extends a door that is granted again", async (scene) => {
    const firewall = await scene.start();
    for (const family of FAMILIES) {
      const short = scene.grant(scene.access(family), 60);
      const long = scene.grant(scene.access(family), 600);
      await scene.give(firewall, [short]);
      assert.deepEqual(await scene.give(firewall, [long], [short]), [false]);
      assertSameGrants((await firewall.list()).filter(({ access }) => accessKey(access) === accessKey(long.access)), [
        long,
      ]);
      await scene.assertOpen(family);
    }
  }],

  ["leaves a door open that was renewed while its end had to wait", async (scene) => {
    const firewall = await scene.start();
    for (const family of FAMILIES) {
      const short = scene.grant(scene.access(family), 60);
      const long = scene.grant(scene.access(family), 600);
      await scene.give(firewall, [short]);
      await scene.give(firewall, [long], [short]);
      await firewall.revoke([short]);
      await scene.assertOpen(family);
      await firewall.revoke([long]);
      assertSameGrants(
        (await firewall.list()).filter(({ access }) => accessKey(access) === accessKey(long.access)),
        [],
      );
    }
  }],

  ["opens a door once that is twice in a batch, for the longer time", async (scene) => {
    const firewall = await scene.start();
    const [short, long] = [scene.grant(scene.access(4), 60), scene.grant(scene.access(4), 600)];
    await scene.give(firewall, [short, long, short]);
    await scene.assertListed(firewall, [long]);
  }],

  ["opens many doors at once", async (scene) => {
    const firewall = await scene.start();
    const batch = Array.from({ length: 120 }, (_, i) => {
      const ip = parseIp(i % 2 === 0 ? `198.51.100.${i}` : `2001:db8::${i.toString(16)}`);
      assert.ok(ip.ok);
      const access: Access = {
        slot: "input",
        source: ip.value,
        destination: null,
        service: { proto: "tcp", port: 1000 + i },
      };
      return scene.grant(access, 300 + i);
    });
    const mine = scene.grant(scene.access(4), 100);
    await scene.give(firewall, [...batch, mine]);
    await scene.assertListed(firewall, [...batch, mine]);
    await scene.assertOpen(4);
    await firewall.revoke([mine]);
    await scene.assertShut(4);
    await firewall.revoke(batch);
    await scene.assertListed(firewall, []);
  }],

  ["closes a door, and no other", async (scene) => {
    const firewall = await scene.start();
    const [ssh4, dns4, ssh6] = [scene.access(4), scene.access(4, DNS), scene.access(6)].map((access) =>
      scene.grant(access)
    );
    assert.ok(ssh4 && dns4 && ssh6);
    await scene.give(firewall, [ssh4, dns4, ssh6]);
    await firewall.revoke([ssh4]);
    await scene.assertShut(4, SSH);
    await scene.assertOpen(4, DNS);
    await scene.assertOpen(6, SSH);
    await scene.assertListed(firewall, [dns4, ssh6]);
  }],

  ["closes doors of which some are gone already", async (scene) => {
    const firewall = await scene.start();
    const [ssh, dns] = [scene.grant(scene.access(4)), scene.grant(scene.access(4, DNS))];
    await firewall.revoke([ssh]);
    await scene.give(firewall, [ssh, dns]);
    await firewall.revoke([dns, scene.grant(scene.access(6)), ssh]);
    await scene.assertListed(firewall, []);
    await scene.give(firewall, [ssh, dns]);
    await scene.rig.loseGrants();
    await firewall.revoke([ssh, dns]);
    await scene.assertListed(firewall, []);
  }],

  ["leaves the rules as they were", async (scene) => {
    const before = await scene.rig.ruleset();
    const firewall = await scene.start();
    await scene.give(firewall, [scene.grant(scene.access(4)), scene.grant(scene.access(6))]);
    await firewall.cleanup();
    assert.equal(await scene.rig.ruleset(), before);
    await firewall.cleanup();
    assert.equal(await scene.rig.ruleset(), before);
    for (const family of FAMILIES) await scene.assertShut(family);
  }],

  ["takes over the doors of an earlier run", async (scene) => {
    const earlier = await scene.start();
    const grants = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(earlier, grants);
    const later = await scene.rig.open({ flushAtInit: false });
    assertSameGrants(await later.prepare(), grants);
    for (const family of FAMILIES) await scene.assertOpen(family);
    assert.deepEqual(await scene.give(later, grants.map(({ access }) => scene.grant(access, 60)), grants), [
      true,
      true,
    ]);
    await later.revoke(grants);
    for (const family of FAMILIES) await scene.assertShut(family);
  }],

  ["closes the doors of an earlier run when told to", async (scene) => {
    const earlier = await scene.start();
    await scene.give(earlier, FAMILIES.map((family) => scene.grant(scene.access(family))));
    const later = await scene.rig.open({ flushAtInit: true });
    assert.deepEqual(await later.prepare(), []);
    for (const family of FAMILIES) await scene.assertShut(family);
    await scene.assertListed(later, []);
  }],

  ["puts everything back after the rules were loaded anew", async (scene) => {
    const firewall = await scene.start();
    const live = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(firewall, live);
    await scene.rig.reload();
    for (const family of FAMILIES) await scene.assertShut(family);
    assert.equal(await firewall.repair(live, scene.rig.now()), true);
    for (const family of FAMILIES) await scene.assertOpen(family);
    assert.equal(await firewall.repair(live, scene.rig.now()), false);
    await scene.assertListed(firewall, live);
  }],

  ["puts back a lost jump", async (scene) => {
    const firewall = await scene.start();
    const live = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(firewall, live);
    await scene.rig.loseJump();
    for (const family of FAMILIES) await scene.assertShut(family);
    assert.equal(await firewall.repair(live, scene.rig.now()), true);
    for (const family of FAMILIES) await scene.assertOpen(family);
  }],

  ["does not put back a door whose time is over", async (scene) => {
    const firewall = await scene.start();
    const [over, live] = [scene.grant(scene.access(4), 10), scene.grant(scene.access(4, DNS))];
    await scene.give(firewall, [over, live]);
    await scene.rig.loseGrants();
    await firewall.repair([over, live], scene.rig.now() + 10);
    await scene.assertShut(4, SSH);
    await scene.assertOpen(4, DNS);
  }],

  ["grants where the jump was lost, with all live doors", async (scene) => {
    const firewall = await scene.start();
    const live = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(firewall, live);
    await scene.rig.loseJump();
    await scene.give(firewall, FAMILIES.map((family) => scene.grant(scene.access(family, DNS))), live);
    for (const family of FAMILIES) {
      await scene.assertOpen(family, DNS);
      await scene.assertOpen(family, SSH);
    }
  }],

  ["grants where the rules were loaded anew, with all live doors", async (scene) => {
    const firewall = await scene.start();
    const live = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(firewall, live);
    await scene.rig.reload();
    await scene.give(firewall, FAMILIES.map((family) => scene.grant(scene.access(family, DNS))), live);
    for (const family of FAMILIES) {
      await scene.assertOpen(family, DNS);
      await scene.assertOpen(family, SSH);
    }
  }],

  ["does not call a door open that was lost", async (scene) => {
    const firewall = await scene.start();
    const live = FAMILIES.map((family) => scene.grant(scene.access(family)));
    await scene.give(firewall, live);
    await scene.rig.loseGrants();
    await scene.give(firewall, live, live);
    for (const family of FAMILIES) await scene.assertOpen(family);
  }],

  ["refuses to grant a foreign rule, and grants the rest", async (scene) => {
    const firewall = await scene.start();
    const foreign: Access = { slot: "foreign", family: 4, table: "filter", chain: "FWKNOP_INPUT", rule: "-j ACCEPT" };
    const outcomes = await firewall.grant([scene.grant(foreign), scene.grant(scene.access(4))], [], scene.rig.now());
    assert.deepEqual(outcomes.map(({ ok }) => ok), [false, true]);
    await scene.assertOpen(4);
  }],

  ["hears of changes that others make, and not of its own", async (scene) => {
    const firewall = await scene.start();
    assert.ok(firewall.events);
    const live = [scene.grant(scene.access(4)), scene.grant(scene.access(6))];
    await scene.give(firewall, live);
    firewall.events.drain();
    await scene.give(firewall, [scene.grant(scene.access(4, DNS))], live);
    assert.equal(firewall.events.drain(), false);
    await scene.rig.loseJump();
    assert.equal(firewall.events.drain(), true);
    assert.equal(firewall.events.drain(), false);
    assert.equal(await firewall.repair(live, scene.rig.now()), true);
    assert.equal(firewall.events.drain(), false);
    await scene.rig.reload();
    assert.equal(firewall.events.drain(), true);
  }],

  ["names the place of a door and describes what is open", async (scene) => {
    const firewall = await scene.start();
    const grant = scene.grant(scene.access(4));
    await scene.give(firewall, [grant]);
    assert.notEqual(firewall.containerOf(grant.access), "");
    assert.match(
      await firewall.describe(false),
      new RegExp(scene.rig.addresses.knocker[4].text.replaceAll(".", "\\.")),
    );
    assert.notEqual(await firewall.describe(true), "");
  }],
];

/** For packet filters that open doors to what others publish. */
const PUBLISHED: (typeof CASES)[number] = [
  "keeps doors to published services: lists, takes over and closes them, and mixes them up with no other",
  async (scene) => {
    const earlier = await scene.start();
    const published = FAMILIES.flatMap((family) =>
      (["first", null] as const).map((to) => {
        const access = scene.access(family, SSH, to);
        assert.ok(access.slot === "input");
        return scene.grant({ ...access, slot: "published" });
      })
    );
    assert.deepEqual(await scene.give(earlier, published), [false, false, false, false]);
    for (const family of FAMILIES) await scene.assertShut(family);
    const later = await scene.rig.open({ flushAtInit: false });
    assertSameGrants(await later.prepare(), published);
    await scene.rig.reload();
    assert.equal(await later.repair(published, scene.rig.now()), true);
    await scene.assertListed(later, published);
    const [narrow, ...wide] = published;
    assert.ok(narrow);
    await later.revoke([narrow]);
    await scene.assertListed(later, wide);
  },
];
