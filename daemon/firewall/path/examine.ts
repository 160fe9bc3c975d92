/** What an operator should know of the chains before grants are opened in them: whether they drop anything, and our own port. Pure. */
import { formatPathChain } from "./model.ts";
import { seesFamily } from "./stations.ts";
import type { PathWatch } from "./watch.ts";

/** Warnings, whatever kind of tables the chains are in. `udpPort`: where this daemon listens itself, or null. */
export function examinePath(watch: Pick<PathWatch, "chains" | "walk">, udpPort: number | null): readonly string[] {
  const incoming = watch.chains.filter(({ hook, drops }) =>
    ["ingress", "prerouting", "input"].includes(hook) && drops !== "nothing"
  );
  const open = ([4, 6] as const).filter((family) => !incoming.some((chain) => seesFamily({ table: chain }, family)));
  if (open.length > 0) {
    const over = open.length === 2 ? "" : ` over IPv${open[0]}`;
    return [
      `No chain drops incoming packets${over}: what nothing else drops is open already${over}, with or without a knock; ` +
      "give the input chain the policy drop",
    ];
  }
  if (udpPort === null) return [];
  const shut = ([4, 6] as const).flatMap((family) =>
    watch.walk({ family, service: { proto: "udp", port: udpPort }, granted: false }).filter(({ does }) =>
      does === "shuts"
    )
  );
  return [...new Set(shut.map(({ chain }) => chain))].map((chain) => {
    const remedy = chain.owner === "nftables"
      ? `add "udp dport ${udpPort} accept"`
      : `let them in (${chain.family === "ip6" ? "ip6" : "ip"}tables${
        chain.owner.slice("iptables".length)
      } -t ${chain.table} ` +
        `-I ${chain.chain} -p udp --dport ${udpPort} -j ACCEPT)`;
    return `${
      formatPathChain(chain)
    } drops UDP packets to port ${udpPort}, where this daemon listens: no knock will arrive; ${remedy}`;
  });
}
