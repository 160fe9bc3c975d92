/** Tables of every kind as others make them, and how they are put into the network namespace of the caller. */
import { be32Attribute, encodeMessages, nftType, stringAttribute } from "../../../ffi/nfnetlink/codec.ts";
import {
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO,
  NFT_MSG,
  NFT_TABLE_FLAG,
  NFTA,
  NLM_F_CREATE,
  NLM_F_REQUEST,
} from "../../../ffi/nfnetlink/constants.ts";
import type { StructureChange } from "../../../ffi/nfnetlink/ruleset.ts";
import type { NetlinkSocket } from "../../../ffi/nfnetlink/socket.ts";

const SCRIPT = `table inet filter {
  set doors { type ipv4_addr . inet_proto . inet_service; flags timeout; }
  set blocked { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.7 } }
  set pairs { type ipv4_addr . inet_service; flags interval; elements = { 192.0.2.0/24 . 22-25 } }
  map ways { type inet_service : verdict; elements = { 22 : accept, 23 : jump other } }
  map targets { type ipv4_addr : ipv4_addr . inet_service; flags timeout; }
   chain other {
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname { "lo", "eth0" } meta mark set ct mark
    ip saddr @blocked counter drop
    ip saddr . tcp dport @pairs log prefix "pairs " reject with icmp type host-unreachable
    tcp dport vmap @ways
    meta l4proto . th dport vmap { tcp . 80 : goto other, udp . 53-54 : drop }
    ip daddr 10.0.0.0/8 tcp dport != 100-200 limit rate 3/second accept
    ip6 nexthdr icmpv6 icmpv6 type { nd-neighbor-solicit, nd-router-advert } accept
    tcp flags & (syn | ack) == syn ct count over 20 return
    numgen random mod 2 vmap { 0 : accept, 1 : continue }
    meta skuid 0 meta day "Saturday" socket transparent 1 ct original ip saddr 10.0.0.1 accept
    update @doors { ip saddr . meta l4proto . th dport timeout 5s }
    ip dscp set cs1 ct mark set meta mark & 0xff
  }
  chain early {
    type filter hook prerouting priority raw; policy accept;
    fib saddr . iif oif 0 drop
    ip saddr 10.0.0.0-10.0.0.9 drop
  }
}
table inet nat {
  chain pre {
    type nat hook prerouting priority dstnat;
    tcp dport 80 dnat ip to 10.0.0.5:8080
    tcp dport 81 redirect to :82
  }
  chain post {
    type nat hook postrouting priority srcnat;
    masquerade random
    ip saddr 10.0.0.1 snat ip to 192.0.2.1-192.0.2.9
  }
}
table ip asleep {
  flags dormant
  chain input {
    type filter hook input priority -10; policy drop;
  }
}
table ip6 six {
  chain leaving {
    type route hook output priority mangle;
    ip6 saddr fd00::/8 meta priority set 1
  }
}
table arp filter {
  chain coming {
    type filter hook input priority 0;
    arp operation request arp saddr ip 10.0.0.1 drop
  }
}
table bridge filter {
  chain fw {
    type filter hook forward priority -200;
    ether saddr 02:00:00:00:00:01 vlan id 5 drop
  }
}
table netdev guard {
  chain one {
    type filter hook ingress device lo priority 0; policy accept;
    ip saddr 10.9.9.9 drop
  }
  chain many {
    type filter hook ingress devices = { d0, d1 } priority -5; policy drop;
    fwd to d1
  }
}
table inet edge {
  chain coming {
    type filter hook ingress device d0 priority 0; policy accept;
    tcp flags & (fin|syn) == fin|syn drop
  }
}
`;

/** For nft; `d0` and `d1` are the two ends of a pair. nft before 1.0 aborts at an interval within a concatenated key of a map. */
export function foreignScript(): string {
  return noConcatenatedMaps() === null ? SCRIPT : SCRIPT.replace("udp . 53-54", "udp . 53");
}

/** What catches all, for which kernel and nft must be newer. */
export const CATCHALL_SCRIPT = "add element inet filter ways { * : drop }\n";

/** For `iptables-nft-restore`: matches and a target that nf_tables has no words for. */
export const FOREIGN_IPTABLES = `*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m multiport --dports 22,80 -m conntrack --ctstate NEW -m comment --comment "hello" -j ACCEPT
-A INPUT -m recent --name bad --rcheck --seconds 60 -j DROP
-A INPUT -m string --string abc --algo bm -j LOG --log-prefix "x"
-A INPUT -m hashlimit --hashlimit-above 3/sec --hashlimit-name h -j REJECT
-A INPUT -s 10.0.0.0/8 -p udp --dport 53 -j DROP
COMMIT
*nat
-A PREROUTING -p tcp --dport 99 -j DNAT --to-destination 10.0.0.1:22
COMMIT
`;

/** Why no table can have an owner here; null where it can. */
export function noOwners(): string | null {
  return olderThan(5, 12) ? "kernels before 5.12 know no owners of tables" : null;
}

/** Why no element can catch all here; null where it can. */
export function noCatchall(): string | null {
  return olderThan(5, 13) ? "kernels before 5.13 know no elements that catch all" : null;
}

/** Whether events of new rules say where they stand. */
export function tellsPlaces(): boolean {
  return !olderThan(5, 15);
}

/** Why nft here cannot declare maps whose keys and values are concatenated; null where it can. */
export function noConcatenatedMaps(): string | null {
  const { stdout } = new Deno.Command("nft", { args: ["--version"] }).outputSync();
  return /v0\./.test(new TextDecoder().decode(stdout)) ? "nft before 1.0 has no maps of concatenations" : null;
}

function olderThan(major: number, minor: number): boolean {
  const [ours = 0, ourMinor = 0] = Deno.osRelease().split(".").map(Number);
  return ours < major || (ours === major && ourMinor < minor);
}

/** Names that the kernel takes and nft's own language cannot write. */
export const ODD_NAMES: readonly string[] = [
  "n".repeat(255),
  `quo"te'; drop #`,
  "tür ☂ \u{1f6aa}",
  "\ufeffmark",
  "a b\n\tc\\",
  "constructor",
];

/** A table and a base chain for each odd name. */
export function oddTables(): readonly StructureChange[] {
  return ODD_NAMES.flatMap((name): readonly StructureChange[] => {
    const table = { family: "inet", table: name } as const;
    return [
      { verb: "add table", ...table },
      { verb: "add chain", ...table, chain: name, base: { type: "filter", hook: 1, priority: -2000 } },
      { verb: "add set", ...table, set: name.slice(0, 20), key: ["ipv4_addr"], value: [] },
      {
        verb: "add rule",
        ...table,
        chain: name,
        at: "tail",
        expressions: [
          { kind: "payload", base: 1, offset: 12, length: 4, to: 0 },
          { kind: "lookup", from: 0, set: name.slice(0, 20), to: null, inverted: true },
          { kind: "verdict", verdict: { kind: "return" } },
        ],
      },
    ];
  });
}

/** Makes `table inet owned` with `flags owner`, which belongs to that socket as long as it is open. */
export function makeOwnedTable(socket: NetlinkSocket): void {
  const edge = { family: 0, flags: NLM_F_REQUEST, resId: NFNL_SUBSYS_NFTABLES };
  socket.send(encodeMessages([
    { ...edge, type: NFNL_MSG_BATCH_BEGIN, seq: 1 },
    {
      type: nftType(NFT_MSG.newTable),
      flags: NLM_F_REQUEST | NLM_F_CREATE,
      seq: 2,
      family: NFPROTO.inet,
      attributes: [
        stringAttribute(NFTA.table.name, "owned"),
        be32Attribute(NFTA.table.flags, NFT_TABLE_FLAG.owner),
      ],
    },
    { ...edge, type: NFNL_MSG_BATCH_END, seq: 3 },
  ]));
}
