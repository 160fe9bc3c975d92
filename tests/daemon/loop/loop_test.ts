import assert from "node:assert/strict";
import { stanzaIndex } from "../../../daemon/verify/stanza_index.ts";
import { createPatience } from "../../../daemon/loop/patience.ts";
import { recordingFirewall } from "../../../daemon/firewall/recording.ts";
import { datagram, knock, NOW } from "../../fakes/knock.ts";
import { access, FD, play } from "./play.ts";

/** A waiter that notes what it is told to watch, and ends with SIGTERM. */
function notedDescriptors(rounds: number, stop: () => void) {
  const told: string[] = [];
  const waiter = {
    watch: (fd: number) => void told.push(`watch ${fd}`),
    unwatch: (fd: number) => void told.push(`unwatch ${fd}`),
    wait: () => {
      told.push("wait");
      if (--rounds === 0) stop();
      return Promise.resolve(new Set<number>(rounds > 0 ? [FD] : []));
    },
  };
  return { told, waiter };
}

/** Signals that a test sends. */
function signals() {
  const state = { stop: null as "SIGTERM" | null, hangup: false };
  return {
    state,
    inbox: {
      get stop() {
        return state.stop;
      },
      hangup: false,
      takeHangup: () => false,
      [Symbol.dispose]: () => {},
    },
  };
}

Deno.test("runLoop() waits for the descriptors of source and packet filter, and follows a source that is exchanged", async () => {
  const { state, inbox } = signals();
  const { told, waiter } = notedDescriptors(4, () => state.stop = "SIGTERM");
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const events = { fd: 9, drain: () => false };
  const { ending, disposed } = await play([], {
    waiter,
    signals: inbox,
    firewall: { ...firewall, events },
    recover: (_current, { source }, error) => error !== null ? "later" : { ...source, fd: 8, read: nothing },
    steady: () => told.filter((line) => line === "wait").length * 1000,
  }, {
    from: {
      read: () => {
        throw new Error("the interface disappeared");
      },
    },
  });
  assert.deepEqual(ending, { reason: "SIGTERM" });
  assert.deepEqual(disposed, ["source"]);
  assert.deepEqual(told, [
    ...["watch 9", `watch ${FD}`, "wait"],
    // Broken: a descriptor in that state would be reported again and again.
    ...[`unwatch ${FD}`, "wait"],
    // A second later the other one is there.
    ...["watch 8", "wait", "wait"],
  ]);
});

const nothing = () => ({ datagrams: [], taken: 0, more: false, ended: false });

Deno.test("runLoop() does what came with SIGTERM, and nothing after it", async () => {
  const { state, inbox } = signals();
  const { firewall, waits } = await play([
    { before: () => void (state.stop = "SIGTERM"), packets: [datagram(await knock())] },
    { before: () => assert.fail("it waits again") },
  ], { signals: inbox });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
  assert.equal(waits.length, 1);
});

Deno.test("runLoop() decides no packet by the old configuration once a SIGHUP came with it", async () => {
  const { firewall } = await play([{ hangup: true, packets: [datagram(await knock())] }], {
    reload: (current) =>
      Promise.resolve(() => ({ ...current, context: { ...current.context, index: stanzaIndex([]) } })),
  });
  assert.equal(firewall.admits(access("192.0.2.10", 22)), false);
});

Deno.test("runLoop() leaves what the packet filter has not done yet to whoever ends the daemon", async () => {
  const firewall = recordingFirewall({ now: () => NOW });
  await firewall.prepare();
  const answer = Promise.withResolvers<void>();
  const slow = {
    ...firewall,
    grant: async (...args: Parameters<typeof firewall.grant>) => {
      await answer.promise;
      return await firewall.grant(...args);
    },
  };
  const patience = createPatience(() => 0, () => {});
  await play([{ packets: [datagram(await knock())] }], { firewall: slow, patience });
  assert.equal(await patience.finish(0), false);
  answer.resolve();
  assert.equal(await patience.finish(60_000), true);
  assert.equal(firewall.admits(access("192.0.2.10", 22)), true);
});
