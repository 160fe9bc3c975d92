import assert from "node:assert/strict";
import fc from "fast-check";
import type { Access } from "../../../../daemon/firewall/firewall.ts";
import { readLegacy } from "../../../../daemon/firewall/path/legacy.ts";
import { formatPathChain } from "../../../../daemon/firewall/path/model.ts";
import { createPathWatch } from "../../../../daemon/firewall/path/path_watch.ts";
import { address } from "../../../contract/addresses.ts";

/** Its address. */
const HERE = "192.0.2.1";

/** A view of a host that has these rules and nothing else. */
async function watching(text: string, family: 4 | 6 = 4) {
  const watch = createPathWatch({
    netlink: () => null,
    legacy: () => Promise.resolve(readLegacy(text, family)),
    arrival: () => ({ only: "eth0", never: [] }),
    route: ({ text }) => ({ local: text === HERE, interface: "eth0" }),
    isOurs: (chain) => /^FWKNOP_/.test(chain),
    pause: () => Promise.resolve(),
    close: () => {},
  });
  await watch.survey();
  return watch;
}

function access(family: 4 | 6 = 4): Access {
  const source = address(family === 4 ? "10.77.0.2" : "fd77::2");
  return { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } };
}

const filter = (policy: string, ...rules: readonly string[]) =>
  `*filter\n:INPUT ${policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:other - [0:0]\n:FWKNOP_INPUT - [0:0]\n${
    rules.map((rule) => `-A ${rule}\n`).join("")
  }COMMIT\n`;

const ROWS: readonly (readonly [shut: boolean, policy: "ACCEPT" | "DROP", ...rules: readonly string[]])[] = [
  [false, "ACCEPT"],
  [true, "DROP"],
  [true, "DROP", "INPUT -i lo -j ACCEPT"],
  [true, "DROP", "INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"],
  [false, "DROP", "INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
  [true, "DROP", "INPUT -p tcp -m tcp --dport 23:30 -j ACCEPT"],
  [false, "DROP", "INPUT -p tcp -m tcp ! --dport 23:30 -j ACCEPT"],
  [false, "DROP", "INPUT -p tcp -m multiport --dports 80,20:30 -j ACCEPT"],
  [true, "ACCEPT", "INPUT -s 10.0.0.0/8 -j DROP"],
  [true, "ACCEPT", "INPUT -s 10.0.0.0/255.0.0.0 -j DROP"],
  [false, "ACCEPT", "INPUT ! -s 10.0.0.0/8 -j DROP"],
  [false, "ACCEPT", "INPUT -s 10.76.0.0/15 -p udp -j DROP"],
  [true, "ACCEPT", "INPUT -s 10.76.0.0/15 -j REJECT --reject-with icmp-port-unreachable"],
  [false, "ACCEPT", "INPUT -s 10.78.0.0/15 -j DROP"],
  [false, "DROP", "INPUT -i eth+ -j ACCEPT"],
  [true, "DROP", "INPUT -i wlan+ -j ACCEPT"],
  [true, "ACCEPT", "INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"],
  [false, "ACCEPT", "INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"],
  [true, "ACCEPT", "INPUT -m state --state NEW -j DROP"],
  [false, "ACCEPT", "INPUT -m limit --limit 3/sec -j DROP"],
  [false, "DROP", "INPUT -m set --match-set friends src -j ACCEPT"],
  [true, "ACCEPT", "INPUT -j other", "other -p tcp -j DROP"],
  [false, "ACCEPT", "INPUT -j other", "other -j RETURN", "other -j DROP"],
  [true, "DROP", "INPUT -g other", "INPUT -j ACCEPT"],
  [false, "DROP", "INPUT -j FWKNOP_INPUT"],
  [true, "ACCEPT", 'INPUT -m comment --comment "-j ACCEPT" -j DROP'],
  [false, "ACCEPT", "INPUT -j LOG --log-prefix DROP"],
  [false, "ACCEPT", "INPUT -p 17 -j DROP"],
  [true, "ACCEPT", "INPUT ! -p udp -j DROP"],
  [false, "ACCEPT", "INPUT -j NFQUEUE --queue-num 1"],
];

for (const [shut, policy, ...rules] of ROWS) {
  Deno.test(`readLegacy(): ${policy}${rules.map((rule) => `, ${rule}`).join("")} is ${shut ? "shut" : "not said to be shut"}`, async () => {
    using watch = await watching(filter(policy, ...rules));
    assert.equal(watch.judge(access()).length > 0, shut);
  });
}

Deno.test("readLegacy() knows where the chains of each table stand", async () => {
  using watch = await watching(
    `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n${filter("DROP")}` +
      "*nat\n:PREROUTING DROP [0:0]\nCOMMIT\n",
    6,
  );
  const found = watch.chains.filter(({ drops }) => drops !== "nothing");
  assert.deepEqual(
    found.map((chain) => [formatPathChain(chain), chain.hook, chain.priority, chain.drops, chain.owner]),
    [
      ["ip6tables-legacy raw PREROUTING", "prerouting", -300, "service", "iptables-legacy"],
      ["ip6tables-legacy filter INPUT", "input", 0, "default", "iptables-legacy"],
    ],
  );
  assert.deepEqual(watch.judge(access()), [], "no rule of IPv4");
  const [policy] = watch.judge(access(6));
  assert.equal(policy?.how, "drops by policy");
  assert.match(
    policy?.remedy ?? "",
    /^set FIREWALL to iptables and FIREWALL_EXE to \/usr\/sbin\/iptables-legacy, or .*ip6tables-legacy -t filter -I INPUT -p tcp --dport 22 -j ACCEPT/,
  );
});

Deno.test("a rule above our jump is to be put below it", async () => {
  using watch = await watching(filter("DROP", "INPUT -p tcp -j DROP", "INPUT -j FWKNOP_INPUT"));
  const [found] = watch.judge(access());
  assert.equal(found?.how, "drops it by its rule number 1");
  assert.match(found?.remedy ?? "", /below the jump/);
});

Deno.test("readLegacy() takes any text", async () => {
  const piece = fc.constantFrom(
    ...[
      "*filter\n",
      ":INPUT DROP [0:0]\n",
      "-A INPUT ",
      "-s 1.2.3.4/33 ",
      "-s ::/0 ",
      "! ",
      "-p ",
      "tcp ",
      '"',
      "--dport 7:x ",
    ],
    ...[
      "--dports 1,,2:",
      "-i ",
      "+ ",
      "--tcp-flags ",
      "SYN,WHAT ",
      "--ctstate NEW,SNAT ",
      "-m ",
      "-j ",
      "-g other",
      "\n",
      " ",
    ],
  );
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(piece, fc.string())), async (pieces) => {
    using watch = await watching(pieces.join(""));
    watch.judge(access());
  }));
});

/** What Docker writes for a port that it publishes. */
const nat = (...rules: readonly string[]) =>
  `*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;
const TO_DOCKER = "PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
const PUBLISHED = "DOCKER ! -i docker0 -p tcp -m tcp --dport 22 -j DNAT --to-destination 172.17.0.2:80";

const SENT_ON: readonly (readonly [shut: boolean, ...rules: readonly string[]])[] = [
  [true, TO_DOCKER, PUBLISHED],
  [false, TO_DOCKER, PUBLISHED.replace("22", "23")],
  [true, "PREROUTING -m addrtype --dst-type LOCAL,BROADCAST -j DOCKER", PUBLISHED],
  [false, "PREROUTING -m addrtype ! --dst-type LOCAL -j DOCKER", PUBLISHED],
  [false, "PREROUTING -m addrtype --dst-type MULTICAST -j DOCKER", PUBLISHED],
  [true, TO_DOCKER, "DOCKER -i docker0 -j RETURN", PUBLISHED],
  [false, TO_DOCKER, "DOCKER -i eth0 -j RETURN", PUBLISHED],
  [false, TO_DOCKER, PUBLISHED.replace("172.17.0.2:80", HERE)],
  [false, "PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 8022", PUBLISHED],
  // What may be and what is not known keep nothing shut.
  [false, TO_DOCKER, PUBLISHED.replace(":80", "-172.17.0.9:80")],
  [false, "PREROUTING -m addrtype --dst-type LOCAL --limit-iface-in -j DOCKER", PUBLISHED],
  [false, "PREROUTING -m addrtype --dst-type WHAT -j DOCKER", PUBLISHED],
  [false, "PREROUTING -m set --match-set friends src -j RETURN", TO_DOCKER, PUBLISHED],
  [false, TO_DOCKER, "DOCKER -m set --match-set friends src -j ACCEPT", PUBLISHED],
];

for (const [shut, ...rules] of SENT_ON) {
  Deno.test(`a door to this host is ${shut ? "shut" : "not told as shut"} beside ${rules.join("; ")}`, async () => {
    using watch = await watching(`${filter("ACCEPT", "FORWARD -p tcp -m tcp --dport 80 -j DROP")}${nat(...rules)}`);
    const found = watch.judge(access());
    assert.equal(found.length, shut ? 1 : 0, JSON.stringify(found));
    if (!shut) return;
    assert.equal(found[0]?.chain, "iptables-legacy filter FORWARD");
    assert.equal(
      found[0]?.remedy,
      "write GUARD forward in the stanza, because iptables-legacy nat PREROUTING sends it on to 172.17.0.2:80",
    );
  });
}

Deno.test("a door to this host is not shut by what is not met behind a REDIRECT, and by what is", async () => {
  const redirect = nat("PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 8022");
  const told = async (port: number) => {
    using watch = await watching(`${filter("ACCEPT", `INPUT -p tcp -m tcp --dport ${port} -j DROP`)}${redirect}`);
    return watch.judge(access()).map(({ remedy }) => remedy);
  };
  assert.deepEqual(await told(22), []);
  assert.deepEqual(await told(8022), [
    "ask for tcp/8022, to which iptables-legacy nat PREROUTING sends it, or take away what sends it",
  ]);
});
