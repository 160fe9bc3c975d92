/**
 * What a grant, its renewal and its end cost on iptables, of both kinds: with one iptables-restore that is kept open and with a process for
 * each change; beside nothing, beside 5,000 rules of others in the same chain, and beside grants that are open:
 *
 *     deno run -A bench/iptables_grants.ts [--open=50000]           (root)
 *
 * Method. It starts itself in a network namespace of its own. The whole backend is called, from the grant to its outcome, for
 * one door at a time, and for 100 at once. The two ways take turns beside the same rules, each with doors of its own.
 */
import type { Grant } from "../daemon/firewall/firewall.ts";
import { fileFacts } from "../ffi/libc/file_facts.ts";
import { startConversation } from "../ffi/libc/conversation.ts";
import { openMomentaryListener } from "../ffi/nfnetlink/events.ts";
import { openNfnetlink } from "../ffi/nfnetlink/nfnetlink.ts";
import { iptablesFirewall, type IptablesOptions } from "../daemon/firewall/iptables/backend.ts";
import { PROGRAM_ENVIRONMENT, runProgram } from "../lib/host/run.ts";
import { ipFromBytes } from "../lib/net/address.ts";
import { DEFAULT_OPTIONS } from "../tests/contract/iptables_rig.ts";
import { quantiles } from "../tests/lab/mod.ts";
import { runOnServer } from "./lab.ts";
import { ownOptions } from "./options.ts";

const FOREIGN = 5000;
const ROUNDS = 20;
const WARM_UP = 5;
const BATCH = 100;
/** For the kernel to give back what was deleted. */
const REST_MS = 10;
const INSIDE = "--inside";

/** A door that nobody had before. */
let count = 0;
function nextGrant(): Grant {
  const turn = count++;
  const source = ipFromBytes(Uint8Array.of(172, 16 + (turn >> 16), turn >> 8, turn));
  return {
    access: { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } },
    expiresAt: Math.floor(Date.now() / 1000) + 36_000,
  };
}

type Variant = "nft" | "legacy";

function backend(variant: Variant, isKept: boolean) {
  const keep: IptablesOptions["keep"] = {
    start: (path, args) => startConversation({ path, args, env: PROGRAM_ENVIRONMENT }),
    listen: variant === "nft" ? openMomentaryListener : null,
    fileOf: (path) => fileFacts(0, path)?.key ?? null,
    netlink: variant === "nft" ? openNfnetlink : null,
  };
  return iptablesFirewall({
    ...DEFAULT_OPTIONS,
    ...{ flushAtInit: false, hears: variant === "nft", keep: isKept ? keep : null },
    firewallExe: `/usr/sbin/iptables-${variant}`,
    log: (level, text) => level === "warning" && console.error(text),
  });
}

type Backend = ReturnType<typeof backend>;

async function restore(variant: Variant, lines: Iterable<string>): Promise<void> {
  const stdin = ["*filter", ...lines, "COMMIT", ""].join("\n");
  const result = await runProgram(`/usr/sbin/iptables-${variant}-restore`, ["--noflush"], { stdin, timeoutMs: 60_000 });
  if (result.code !== 0) throw new Error(result.stderr);
}

/** Opens them, and says what one of them took in milliseconds. */
async function timeGrant(firewall: Backend, batch: readonly Grant[]): Promise<number> {
  const begin = performance.now();
  const outcomes = await firewall.grant(batch, [], Math.floor(Date.now() / 1000));
  const took = performance.now() - begin;
  for (const outcome of outcomes) if (!outcome.ok) throw new Error(outcome.reason);
  return took / batch.length;
}

/** Milliseconds: of one grant, of one of a hundred, of one renewal, of one end. */
async function measure(firewall: Backend): Promise<readonly number[]> {
  const single: number[] = [], many: number[] = [], renewals: number[] = [], ends: number[] = [];
  const opened = Array.from({ length: WARM_UP + ROUNDS }, nextGrant);
  for (const [round, grant] of opened.entries()) {
    const took = await timeGrant(firewall, [grant]);
    if (round >= WARM_UP) single.push(took);
  }
  // The kernel makes a transaction that comes just behind a deletion wait, whoever asks for it.
  const renewed = opened.map(({ access, expiresAt }) => ({ access, expiresAt: expiresAt + 60 }));
  for (const [round, grant] of renewed.entries()) {
    const took = await timeGrant(firewall, [grant]);
    if (round >= WARM_UP) renewals.push(took);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  for (const [round, grant] of renewed.entries()) {
    const begin = performance.now();
    await firewall.revoke([grant]);
    if (round >= WARM_UP) ends.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  for (let round = 0; round < ROUNDS / 5; round++) {
    many.push(await timeGrant(firewall, Array.from({ length: BATCH }, nextGrant)));
  }
  return [single, many, renewals, ends].map((times) => quantiles(times).median);
}

async function measureVariant(variant: Variant, open: number): Promise<void> {
  const ways = [true, false].map((isKept) => ({ isKept, firewall: backend(variant, isKept) }));
  for (const { firewall } of ways) await firewall.prepare();
  const report = async (beside: string) => {
    for (const { isKept, firewall } of ways) {
      // What the other one opened is believed from now on as well.
      await firewall.list();
      const [single = 0, many = 0, renewal = 0, end = 0] = await measure(firewall);
      const columns = [single, many, renewal, end].map((time) => `${(time * 1000).toFixed(0)} us`.padStart(11)).join(
        "",
      );
      const way = isKept ? "kept open" : "a process for each";
      console.log(`${variant.padEnd(8)}${beside.padEnd(22)}${way.padEnd(20)}${columns}`);
    }
  };
  await report("nothing");
  const foreign = Array.from(
    { length: FOREIGN },
    (_, i) => `INPUT -s 10.9.${i >> 8}.${i & 255} -p tcp --dport 80 -j DROP`,
  );
  await restore(variant, foreign.map((rule) => `-A ${rule}`));
  await report(`${FOREIGN} rules of others`);
  await restore(variant, ["-F INPUT", "-A INPUT -j FWKNOP_INPUT"]);
  const end = Math.floor(Date.now() / 1000) + 36_000;
  const rules = Array.from({ length: open }, (_, i) => `-p 6 -s 11.${i >> 16}.${(i >> 8) & 255}.${i & 255} --dport 22`);
  await restore(variant, rules.map((rule) => `-A FWKNOP_INPUT ${rule} -m comment --comment _exp_${end} -j ACCEPT`));
  await report(`${open} open grants`);
  for (const { firewall } of ways) firewall[Symbol.dispose]();
}

async function measureHere(open: number): Promise<void> {
  console.log(
    `${"median of".padEnd(50)}${
      [" one grant", `one of ${BATCH}`, " a renewal", "one end"].map((it) => it.padStart(11)).join("")
    }`,
  );
  for (const variant of ["nft", "legacy"] as const) await measureVariant(variant, open);
}

async function main(): Promise<void> {
  const given = ownOptions({ open: "N" }, import.meta.url);
  await runOnServer(import.meta.url, [INSIDE, given.value("open") ?? "50000"]);
}

if (import.meta.main) await (Deno.args[0] === INSIDE ? measureHere(Number(Deno.args[1])) : main());
