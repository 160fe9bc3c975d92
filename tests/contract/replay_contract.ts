/** What every replay store must do, whoever keeps it. */
import assert from "node:assert/strict";
import { contentKey, type ReplayStore, type SeenPacket } from "../../daemon/replay/store.ts";

/** A kind of store. */
export interface ReplayRig {
  readonly name: string;
  /** An empty store, whose clocks stand still. */
  open(): ReplayStore;
}

const PACKET: SeenPacket = {
  protocol: 17,
  source: "2001:db8::2",
  sourcePort: 33069,
  destination: "2001:db8::1",
  destinationPort: 62201,
  seenAt: 1_795_300_998,
};
const DIGEST = "F6OkeN62FWzy7sX98qC8alt4HfzW1sPpCnvYVdQ8Xgk";
const SAID = contentKey("A".repeat(43));

const CASES: Readonly<Record<string, (store: ReplayStore) => void | Promise<void>>> = {
  "grants a claim once, and at once": (store) => {
    assert.equal(store.find(DIGEST), undefined);
    assert.equal(store.claim([DIGEST], PACKET), true);
    assert.equal(store.claim([DIGEST], { ...PACKET, sourcePort: 1 }), false);
    assert.deepEqual(store.find(DIGEST)?.facts(), PACKET, "the first sight counts");
    assert.equal(store.size, 1);
  },
  "claims all digests of a packet or none": (store) => {
    assert.equal(store.claim([DIGEST, SAID], PACKET), true);
    assert.equal(store.claim(["another wrapping", SAID], PACKET), false);
    assert.equal(store.find("another wrapping"), undefined);
    assert.equal(store.find(SAID.slice(1)), undefined, "what is said is no text of a packet");
    assert.equal(store.size, 1, "one packet, as the C daemon counts");
  },
  "answers a flush with what others had first: nothing, where there are none": async (store) => {
    assert.deepEqual([...await store.flush()], [], "nothing to flush");
    store.claim([DIGEST, SAID], PACKET);
    assert.deepEqual([...await store.flush()], []);
    assert.deepEqual([...await store.flush()], []);
  },
  "takes claims while another thread flushes, for the next flush": async (store) => {
    store.claim([DIGEST, SAID], PACKET);
    const flushing = store.flush("elsewhere");
    assert.equal(store.claim([DIGEST], PACKET), false, "what is under way is known");
    assert.equal(store.claim(["meanwhile"], PACKET), true);
    assert.deepEqual(store.find(DIGEST)?.facts(), PACKET);
    assert.deepEqual([...await flushing], []);
    assert.deepEqual([...await store.flush()], []);
    for (const digest of [DIGEST, "meanwhile"]) {
      assert.equal(store.claim([digest], PACKET), false);
      assert.deepEqual(store.find(digest)?.facts(), PACKET);
    }
  },
  "keeps a claim that was flushed": async (store) => {
    store.claim([DIGEST], PACKET);
    await store.flush();
    assert.equal(store.claim([DIGEST], PACKET), false);
    assert.deepEqual(store.find(DIGEST)?.facts(), PACKET);
  },
  "forgets nothing that could be repeated": (store) => {
    store.keepFor(120);
    store.claim([DIGEST], PACKET);
    for (let i = 0; i < 1000; i++) store.claim([`${i}`], PACKET);
    assert.equal(store.claim([DIGEST], PACKET), false);
    assert.equal(store.forgottenUntil, 0);
  },
  "is as it was after a look at what is kept": (store) => {
    store.claim([DIGEST], PACKET);
    store.mend();
    assert.equal(store.claim([DIGEST], PACKET), false);
  },
};

/** Registers the suite for one kind of store. */
export function testReplayStore({ name, open }: ReplayRig): void {
  for (const [what, check] of Object.entries(CASES)) {
    Deno.test(`${name} ${what}`, async () => {
      using store = open();
      await check(store);
    });
  }
}
