/** `FIREWALL auto` on a host whose chains and changes the test makes. */
import type { OpenedBackend } from "../../../daemon/firewall/backend.ts";
import { type Choice, chooseByPath } from "../../../daemon/firewall/choose.ts";
import type { Access, Grant } from "../../../daemon/firewall/firewall.ts";
import type { Owner, PathChain } from "../../../daemon/firewall/path/model.ts";
import { StandingFirewall } from "../../../daemon/firewall/standing.ts";
import { address } from "../../contract/addresses.ts";
import { fakeBackend, fakeListener, fakePath, inputChain } from "../../fakes/packet_filter.ts";

/** Unix seconds at which a scene begins. */
export const NOW = 1000;

/** What lets in to a TCP port. */
export const access = (port: number): Access => ({
  slot: "input",
  source: address("192.0.2.7"),
  destination: null,
  service: { proto: "tcp", port },
});

/** The same for so many seconds. */
export const grant = (port: number, seconds = 30): Grant => ({ access: access(port), expiresAt: NOW + seconds });

/** `FIREWALL auto` on a host with both, whose chains the test sets. */
export async function scene(changes: Partial<Record<Owner, Partial<OpenedBackend>>> = {}) {
  const time = { steady: 0, now: NOW };
  const { path, state } = fakePath([inputChain()]);
  const { listener, waiting } = fakeListener();
  const lines: string[] = [];
  const backends = {
    nftables: fakeBackend("nftables", () => time.now, changes.nftables),
    "iptables-nft": fakeBackend("iptables-nft", () => time.now, changes["iptables-nft"]),
    "iptables-legacy": fakeBackend("iptables-legacy", () => time.now, changes["iptables-legacy"]),
  };
  const opened: string[] = [];
  const decide = (current: Choice | null): Choice => {
    const choice = chooseByPath(path.chains, [
      { backend: { name: "nftables", otherwise: null }, owners: ["nftables"], blocker: null },
      {
        backend: { name: "iptables", otherwise: "nothing drops" },
        owners: ["iptables-nft", "iptables-legacy"],
        blocker: null,
      },
    ], current);
    if (choice.ok) return choice.value;
    throw new Error(choice.fault);
  };
  const open = ({ backend, owner }: Choice) => {
    opened.push(`${backend} ${owner}`);
    const known = owner === "nftables" || owner === "iptables-legacy" ? owner : "iptables-nft";
    return Promise.resolve(backends[known].backend);
  };
  const choice = decide(null);
  const firewall = new StandingFirewall(
    {
      ...{ path, listener, decide, open, slots: ["input"], needs: ["run"] },
      log: (level, text) => void lines.push(`${level}: ${text}`),
      steady: () => time.steady,
    },
    { choice, backend: backends.nftables.backend },
  );
  await firewall.prepare();
  for (const { calls } of Object.values(backends)) calls.length = 0;
  const live: Grant[] = [];
  /** A survey that finds these chains. */
  const survey = async (...found: readonly PathChain[]) => {
    state.found = found;
    await firewall.survey({ live: () => live, now: () => time.now });
  };
  return { firewall, backends, state, waiting, lines, time, live, opened, survey };
}
