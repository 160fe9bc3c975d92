/**
 * The C client knocks at a daemon that does at once what tests of single parts do alone: mail, REQUIRE_OS and GUARD, with a
 * thousand stanzas, beside thousands of rules of somebody else, and after a pause in which grants should have ended.
 */
import assert from "node:assert/strict";
import { FIREWALLD_NEEDS, startFirewalld } from "../lab/firewalld.ts";
import { MAIL_PROGRAMS, startMailServer } from "../lab/mail_server.ts";
import {
  C_CLIENT,
  C_PROGRAMS,
  type Daemon,
  type Directives,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  type SharedKeys,
  startDaemon,
} from "../lab/mod.ts";

const STANZAS = 1000;
const RULES = 5000;
const SHIPPED = new URL("../../packaging/conf/fingerprints.conf", import.meta.url);
const PUBLISHER = `table inet publisher {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    meta nfproto ipv4 tcp dport 8080 dnat ip to 10.78.0.2:80
  }
}
`;

/** Rules of somebody else that packets go through before they come to ours. */
async function crowd(lab: Lab): Promise<void> {
  const rules = Array.from({ length: RULES }, (_, i) => `ip saddr 198.51.${i >> 8}.${i & 255} tcp dport 80 drop\n`);
  const chain = "type filter hook input priority -10; policy accept;\n";
  const table = `table inet crowd {\nchain input {\n${chain}${rules.join("")}}\n}\n`;
  await lab.must("server", ["nft", "-f", "-"], { stdin: table });
}

/** The daemon, with the knocker's stanza last of all. */
async function start(lab: Lab, keys: SharedKeys, stanza: Directives, prefix: readonly string[] = []): Promise<Daemon> {
  const file = `${lab.dir}/fingerprints.conf`;
  await Deno.writeTextFile(file, await Deno.readTextFile(SHIPPED), { mode: 0o600 });
  const others = Array.from(
    { length: STANZAS - 1 },
    () => ({ ...newKeys(), FW_ACCESS_TIMEOUT: 30, SOURCE: "10.0.0.0/8" }),
  );
  const mail = { EMAIL_ADDRESSES: "root@localhost", EMAIL_SERVER: "127.0.0.1", EMAIL_INTERVAL: 1, HOSTNAME: "gw.test" };
  return await startDaemon(lab, {
    server: { FINGERPRINT_FILE: file, ...mail },
    access: [...others, { ...keys, REQUIRE_OS: "linux", FW_ACCESS_TIMEOUT: 120, ...stanza }],
    prefix,
  });
}

/** Knocks with the C client, after a connection that is dropped: its SYN is what REQUIRE_OS looks at. */
async function ask(lab: Lab, daemon: Daemon, keys: SharedKeys, port: number): Promise<string> {
  const mark = daemon.program.mark();
  assert.equal(await lab.probe("knocker", lab.address("server"), 9, { timeoutMs: 200 }), "filtered");
  const who = ["-A", `tcp/${port}`, "-a", lab.address("knocker"), "-D", lab.address("server")];
  await knock(lab, [...who, ...keyArgs(keys)], { program: C_CLIENT });
  return await daemon.program.waitFor(/^(Added|Opened|Cannot open) .*tcp/, { since: mark });
}

labTest(
  "the C client opens among a thousand stanzas and beside thousands of rules, and what was over ends after a pause",
  async () => {
    await using lab = await makeLab({ guard: "nftables", extra: ["stranger", "inside"] });
    await lab.must("server", ["sh", "-ec", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    await lab.must("server", ["nft", "-f", "-"], { stdin: PUBLISHER });
    lab.listen("inside", 80);
    await crowd(lab);
    const server = await startMailServer(lab);
    const keys = newKeys();
    await using daemon = await start(lab, keys, { GUARD: "both", FW_ACCESS_TIMEOUT: 4 });
    const address = lab.address("server");
    assert.match(await ask(lab, daemon, keys, 8080), /Added/, daemon.program.output);
    assert.equal(await lab.probe("knocker", address, 8080), "open", daemon.program.output);
    assert.match(daemon.program.output, /It may come from Linux /);
    assert.match((await server.mail(0)).text, /gw\.test: \d grants?[^]*10\.77\.0\.2 -> \S+ tcp\/8080/);
    assert.match(await ask(lab, daemon, keys, 22), /Added/);
    // It sleeps over the end of both; what comes meanwhile is read when it wakes up.
    const mark = daemon.program.mark();
    daemon.program.signal("SIGSTOP");
    assert.ok(await lab.closes("knocker", address, 8080), "the kernel ends a grant without the daemon");
    assert.ok(await lab.closes("knocker", address, 22));
    await knock(lab, ["-A", "tcp/23", "-a", lab.address("knocker"), "-D", address, ...keyArgs(keys)], {
      program: C_CLIENT,
    });
    daemon.program.signal("SIGCONT");
    await daemon.program.waitFor(/Removed rule /, { since: mark });
    await daemon.program.waitFor(/Added .*tcp\/23/, { since: mark });
    assert.ok(await lab.opens("knocker", address, 23), daemon.program.output);
    assert.deepEqual(daemon.program.lines.filter((line) => /Cannot|put back/i.test(line)), []);
  },
  { needs: { ...C_PROGRAMS, ...MAIL_PROGRAMS } },
);

labTest(
  "firewalld among a thousand stanzas and beside thousands of rules, for the C client, also after a pause",
  async () => {
    await using lab = await makeLab({ guard: "none", extra: ["stranger"] });
    const host = await startFirewalld(lab);
    await crowd(lab);
    const keys = newKeys();
    await using daemon = await start(lab, keys, { FW_ACCESS_TIMEOUT: 5 }, host.within);
    const address = lab.address("server");
    assert.match(daemon.program.output, /firewall: firewalld, because/);
    assert.match(await ask(lab, daemon, keys, 22), /Added/, daemon.program.output);
    assert.ok(await lab.opens("knocker", address, 22), daemon.program.output);
    assert.equal(await lab.probe("stranger", address, 22), "filtered");
    const mark = daemon.program.mark();
    daemon.program.signal("SIGSTOP");
    assert.ok(await lab.closes("knocker", address, 22), "firewalld ends a grant without the daemon");
    daemon.program.signal("SIGCONT");
    await daemon.program.waitFor(/Removed rule .* from firewalld zone public/, { since: mark });
    assert.match(await ask(lab, daemon, keys, 23), /Added/, daemon.program.output);
    assert.ok(await lab.opens("knocker", address, 23), daemon.program.output);
  },
  { needs: { ...C_PROGRAMS, ...FIREWALLD_NEEDS } },
);
