/**
 * Knocks that open nothing, through everything that a knock goes through: a frame, the run loop, the decision, the plan, the
 * account and the words of it. What is compiled, looked up and put in memory at first use is so before anybody knocks. The
 * keys, the replay memory, the ledger and the clock of what is due are its own, its log is nobody's; of the packet filter it
 * asks what a grant would meet, and has it go the way of a grant as far as nothing comes of it.
 */
import { FfiError } from "../../ffi/errors.ts";
import type { Capture } from "../../ffi/pcap/frames.ts";
import { randomBytes } from "../../lib/host/entropy.ts";
import { throughLog } from "../../lib/log.ts";
import { ipFromBytes } from "../../lib/net/address.ts";
import { LINK_TYPE } from "../../lib/net/frame_link.ts";
import { PROTO_NUMBER } from "../../lib/net/service.ts";
import type { CryptoEngine } from "../../lib/crypto/engine.ts";
import type { RijndaelSecrets } from "../../lib/crypto/secrets.ts";
import { seal } from "../../lib/spa/seal.ts";
import type { Stanza } from "../config/stanza.ts";
import { type Firewall, FirewallError, type Grant } from "../firewall/firewall.ts";
import { recordingFirewall } from "../firewall/recording.ts";
import { createLedger } from "../grants/ledger.ts";
import { NO_NAT_POLICY } from "../grants/nat_policy.ts";
import { createShutGrants } from "../grants/shut.ts";
import type { ActiveConfig, Runtime } from "../loop/active_config.ts";
import { runLoop } from "../loop/loop.ts";
import { createPatience, PATIENCE_MS } from "../loop/patience.ts";
import { createSlowLane } from "../loop/slow.ts";
import { createStrangers } from "../loop/strangers.ts";
import type { PacketSource } from "../packet/datagram.ts";
import { readFrames } from "../packet/frames.ts";
import { memoryStore } from "../replay/memory.ts";
import { createFacts } from "../report/facts.ts";
import { refusalLogs } from "../report/refusal_budget.ts";
import { createSieve } from "../verify/sieve.ts";
import { stanzaIndex } from "../verify/stanza_index.ts";

/** Turns of the loop, each with a knock: enough that what runs has been compiled, about 20 ms. */
const TURNS = 30;

/** Addresses of documents (RFC 5737). */
const SOMEBODY = ipFromBytes(Uint8Array.of(192, 0, 2, 1));
const HERE = ipFromBytes(Uint8Array.of(192, 0, 2, 2));
/** Of the source: nothing waits for it. */
const NO_DESCRIPTOR = 0;

/**
 * Rehearses knocks with a configuration and a packet filter. Changes neither, nothing on the host, and says nothing. Returns how
 * many knocks would have opened a door.
 */
export async function rehearse(active: ActiveConfig, firewall: Firewall, turns = TURNS): Promise<number> {
  const secrets = freshSecrets();
  const now = Math.floor(Date.now() / 1000);
  const wires = await wiresOf(turns, { ...active.context, now }, secrets);
  const frames = wires.map((wire) => frameWith(new TextEncoder().encode(wire)));
  const stanza = stanzaOf(secrets);
  const { engine, index, policy } = active.context;
  const sieve = createSieve(engine, [stanza], policy);
  const nobody = throughLog(active.log, () => {});
  const runtime = await runtimeFor(frames, firewall);
  const practice: ActiveConfig = {
    ...active,
    context: {
      ...active.context,
      ...{ index: stanzaIndex([stanza]), sieve, store: memoryStore(), testMode: false },
      trialTime: runtime.strangers.onArrival,
      policy: { ...policy, http: { ...policy.http, enabled: false } },
    },
    sources: [{ spec: { kind: "udp", port: 0 }, source: sourceOf(frames) }],
    log: nobody,
    refusals: refusalLogs(nobody, active.verbose),
  };
  await runLoop(practice, runtime);
  sieve?.wipe();
  // The tables of hints of these minutes are made for the first packet that may have one, and this one names nobody.
  active.context.sieve?.hinted(wires[1] ?? "", new Uint8Array(index.stanzas.length), now);
  return runtime.ledger.size;
}

function freshSecrets(): RijndaelSecrets {
  const hmac = { name: "sha256", key: randomBytes(64) } as const;
  return { cipher: { kind: "rijndael", key: randomBytes(32), mode: "cbc" }, hmac };
}

function stanzaOf(secrets: RijndaelSecrets): Stanza {
  return {
    number: 1,
    origin: { file: "", line: 0 },
    source: { text: "ANY", any: true, ranges: [] },
    destination: null,
    openPorts: null,
    restrictPorts: [],
    secrets: [secrets],
    gpg: null,
    timeout: 60,
    maxTimeout: 60,
    maxOpenGrants: TURNS * TURNS,
    guard: "input",
    nat: NO_NAT_POLICY,
    commands: null,
    cycle: null,
    requireUsername: null,
    requireSourceAddress: false,
    requireSystem: null,
    keyHint: "first",
    expiresAt: null,
  };
}

/** One for each turn, now with a hint and now without; in front of them one by no key, behind them the last one again. */
async function wiresOf(
  turns: number,
  { engine, now }: { readonly engine: CryptoEngine; readonly now: number },
  own: RijndaelSecrets,
): Promise<string[]> {
  const sealOne = async (secrets: RijndaelSecrets, port: number) => {
    const services = [{ proto: "tcp", port }] as const;
    const request = { kind: "access", allow: SOMEBODY, services, nat: null, timeout: 0, user: "fwknopd" } as const;
    const moment = { now, random: randomBytes, hint: port % 2 === 1 };
    const sealed = await seal(engine, { ...request, digest: "sha256" }, secrets, moment);
    return sealed.ok ? [sealed.value.wire] : [];
  };
  const wires = await sealOne(freshSecrets(), turns);
  for (let port = 1; port <= turns; port++) wires.push(...await sealOne(own, port));
  return [...wires, ...wires.slice(-1)];
}

/** Ethernet, IPv4 and UDP around a payload. */
function frameWith(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(42 + payload.length), view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  frame[14] = 0x45;
  view.setUint16(16, 28 + payload.length);
  frame.set([64, PROTO_NUMBER.udp], 22);
  frame.set(SOMEBODY.bytes, 26);
  frame.set(HERE.bytes, 30);
  view.setUint16(34, 40_000);
  view.setUint16(36, 62_201);
  view.setUint16(38, 8 + payload.length);
  frame.set(payload, 42);
  return frame;
}

/** Gives one at a time. */
function sourceOf(frames: Uint8Array[]): PacketSource {
  const capture: Pick<Capture, "linkType" | "ended" | "drain"> = {
    linkType: LINK_TYPE.ethernet,
    ended: false,
    drain: (_limit, visit) => {
      const bytes = frames.shift();
      if (bytes === undefined) return 0;
      visit(Uint8Array.from(bytes), bytes.length, Date.now());
      return 1;
    },
  };
  return {
    banner: [],
    fd: NO_DESCRIPTOR,
    read: readFrames(capture),
    statistics: () => null,
    [Symbol.dispose]: () => {},
  };
}

/** One wake-up for each frame, then the end. */
async function runtimeFor(frames: readonly Uint8Array[], firewall: Firewall): Promise<Runtime> {
  const steady = () => performance.now();
  return {
    waiter: { watch: () => {}, unwatch: () => {}, wait: () => Promise.resolve(new Set([NO_DESCRIPTOR])) },
    signals: {
      get stop() {
        return frames.length === 0 ? "SIGTERM" as const : null;
      },
      hangup: false,
      takeHangup: () => false,
      [Symbol.dispose]: () => {},
    },
    patience: createPatience(() => PATIENCE_MS, () => {}),
    slow: createSlowLane(() => {}),
    strangers: createStrangers(steady, randomBytes),
    firewall: await practiceOn(firewall),
    ledger: createLedger(),
    facts: createFacts(),
    shut: createShutGrants(),
    packetLimit: 0,
    alreadyOpen: "already exists",
    clock: Date.now,
    steady,
    reload: (current) => Promise.resolve(() => current),
    recover: () => null,
  };
}

/** Opens in memory, and says what the real one would say of it. */
async function practiceOn(firewall: Firewall): Promise<Firewall> {
  const recording = recordingFirewall({ now: () => Date.now() / 1000, kernelTimed: true });
  await recording.prepare();
  return {
    ...recording,
    containerOf: (access) => firewall.containerOf(access),
    commandOf: (grant, verb) => firewall.commandOf(grant, verb),
    grant: async (batch, live, now) => {
      await rehearseOn(firewall, batch, now);
      const outcomes = await recording.grant(batch, live, now);
      return outcomes.map((outcome, index) => {
        const grant = batch[index];
        return outcome.ok && grant !== undefined ? { ...outcome, shutBy: firewall.judge(grant.access) } : outcome;
      });
    },
  };
}

/** Whether the packet filter can be used has been seen before, and is not for this to say. */
async function rehearseOn(firewall: Firewall, batch: readonly Grant[], now: number): Promise<void> {
  try {
    await firewall.rehearse?.(batch, now);
  } catch (error) {
    if (!(error instanceof FirewallError) && !(error instanceof FfiError)) throw error;
  }
}
