/** All message types between the C programs and ours. */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  C_DAEMON,
  C_PROGRAMS,
  keyArgs,
  knock,
  labTest,
  makeLab,
  newKeys,
  OUR_DAEMON,
  type Program,
  runClient,
  sealPacket,
  startDaemon,
} from "../lab/mod.ts";

/** Labels of the field dump (facts/client 12). */
const LABELS = [
  "Random Value",
  "Username",
  "Timestamp",
  "FKO Version",
  "Message Type",
  "Message String",
  "Nat Access",
  "Server Auth",
  "Client Timeout",
  "Digest Type",
  "HMAC Type",
  "Encryption Type",
  "Encryption Mode",
  "Encoded Data",
  "SPA Data Digest",
];

/** The fields of the dump that a daemon printed with -v since `mark`. */
function dump(program: Program, mark: number): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of program.lines.slice(mark)) {
    const [, label, value] = /^\s*([A-Z][A-Za-z ]+): (.*)$/.exec(line) ?? [];
    if (label !== undefined && LABELS.includes(label)) fields[label] = value!;
  }
  return fields;
}

const INSIDE = "10.78.0.2";

/** Client arguments per message type; the ports are the test's to see that nothing opens. */
const MESSAGES: Readonly<Record<number, { readonly name: string; readonly args: readonly string[] }>> = {
  0: { name: "command", args: ["-C", "/bin/echo tcp/22"] },
  1: { name: "access", args: ["-A", "tcp/22,udp/53"] },
  2: { name: "NAT access", args: ["-A", "tcp/22", "-N", `${INSIDE}:80`] },
  3: { name: "client timeout access", args: ["-A", "tcp/22", "-f", "77"] },
  4: { name: "client timeout NAT access", args: ["-A", "tcp/22", "-N", `${INSIDE},80`, "-f", "77"] },
  5: { name: "local NAT access", args: ["-A", "tcp/22", "--nat-local", "--nat-port", "60001"] },
  6: {
    name: "client timeout local NAT access",
    args: ["-A", "tcp/22", "--nat-local", "--nat-port", "60001", "-f", "77"],
  },
};

/** That a grant which was asked for at `asked` closes `seconds` after it was opened, as the daemon says. */
function assertExpiry(line: string, asked: number, seconds: number): void {
  const expiresAt = Number(/expires at (\d+)/.exec(line)?.[1]);
  assert.ok(
    expiresAt >= Math.floor(asked) + seconds && expiresAt <= Math.ceil(Date.now() / 1000) + seconds,
    `${line}, ${asked}`,
  );
}

labTest(
  "C client: types 1 and 3 open on our daemon; all types decode to the fields that the C daemon prints",
  async () => {
    await using lab = await makeLab();
    const keys = newKeys();
    const access = [{ ...keys, FW_ACCESS_TIMEOUT: 60 }];
    const c = await startDaemon(lab, { program: C_DAEMON, access, args: ["-t", "-v"] });
    const ours = await startDaemon(lab, { program: OUR_DAEMON, access, args: ["-v"] });
    const server = lab.address("server");
    for (const [type, { name, args }] of Object.entries(MESSAGES)) {
      const target = ["-a", lab.address("knocker"), "-D", server, "-U", "knocker", ...keyArgs(keys)];
      const packet = await sealPacket(lab, [...args, ...target], { program: C_CLIENT });
      const asked = Date.now() / 1000;
      const marks = [c.program.mark(), ours.program.mark()] as const;
      lab.send("knocker", server, 62201, packet);
      for (const [index, { program }] of [c, ours].entries()) {
        await program.waitFor(/Final SPA Data:/, { since: marks[index]! });
      }
      const expected = dump(c.program, marks[0]);
      assert.equal(Object.keys(expected).length, LABELS.length, c.program.lines.slice(marks[0]).join("\n"));
      assert.match(expected["Message Type"]!, new RegExp(`^${type} `));
      assert.deepEqual(dump(ours.program, marks[1]), expected, name);
      if (type === "1" || type === "3") {
        const line = await ours.program.waitFor(/Added access rule .*expires at (\d+)/, { since: marks[1] });
        assertExpiry(line, asked, type === "1" ? 60 : 77);
      }
    }
    // Two grants of type 1 and one of type 3, and nothing for the others.
    const accesses = ours.program.lines.filter((line) => /^Added (?!jump)/.test(line));
    const asked = accesses.map((line) => /access rule .* ((tcp|udp)\/\S+), expires/.exec(line)?.[1]);
    assert.deepEqual(asked, ["tcp/22,udp/53", "tcp/22,udp/53", "tcp/22"], accesses.join("\n"));
    assert.ok(await lab.opens("knocker", server, 22));
    assert.equal(await lab.probe("knocker", server, 60001), "filtered");
    assert.equal(await lab.probe("stranger", server, 22), "filtered");
  },
  { needs: C_PROGRAMS },
);

labTest("our client: access and both timeouts open on the C daemon for the time asked for", async () => {
  await using lab = await makeLab({ guard: "iptables" });
  const keys = newKeys();
  const { program } = await startDaemon(lab, { program: C_DAEMON, access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }] });
  const server = lab.address("server");
  const target = ["-a", lab.address("knocker"), "-D", server, ...keyArgs(keys)];
  for (const [port, more, wanted] of [[22, [], 60], [24, ["-f", "77"], 77]] as const) {
    const mark = program.mark();
    const asked = Date.now() / 1000;
    await knock(lab, ["-A", `tcp/${port}`, ...more, ...target]);
    const line = await program.waitFor(/Added access rule .*expires at (\d+)/, { since: mark });
    assertExpiry(line, asked, wanted);
    assert.ok(await lab.opens("knocker", server, port), program.output);
    assert.equal(await lab.probe("stranger", server, port), "filtered");
  }
}, { needs: C_PROGRAMS });

labTest("our client: an IPv6 address in the message is refused by the C daemon, and opens on ours", async () => {
  await using lab = await makeLab();
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 60 }];
  const c = await startDaemon(lab, { program: C_DAEMON, access, args: ["-t", "-v"] });
  await using ours = await startDaemon(lab, { program: OUR_DAEMON, access });
  const server = lab.address("server", 6);
  await knock(lab, ["-A", "tcp/22", "-a", lab.address("knocker", 6), "-D", lab.address("server"), ...keyArgs(keys)]);
  await c.program.waitFor(/DECODE_ACCESS_VALIDFAIL/);
  assert.ok(await lab.opens("knocker", server, 22), ours.program.output);
}, { needs: C_PROGRAMS });

labTest("K7: a long packet is taken for GnuPG by the C daemon, as the client warns, and opens on ours", async () => {
  await using lab = await makeLab();
  const keys = newKeys();
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: 60 }];
  const c = await startDaemon(lab, { program: C_DAEMON, access, args: ["-t", "-v"] });
  await using ours = await startDaemon(lab, { program: OUR_DAEMON, access });
  const server = lab.address("server");
  const services = Array.from({ length: 18 }, (_, index) => `tcp/${index + 22}`).join(",");
  const knocked = await runClient(lab, ["-A", services, "-a", lab.address("knocker"), "-D", server, ...keyArgs(keys)]);
  assert.match(knocked.stderr, /the packet has 417 characters; C servers may ignore it/);
  await c.program.waitFor(/No stanza encryption mode match for encryption type: 2/);
  assert.ok(await lab.opens("knocker", server, 22), ours.program.output);
}, { needs: C_PROGRAMS });

labTest("our client: the NAT types lead where they should on the C daemon", async () => {
  await using lab = await makeLab({ guard: "iptables", extra: ["stranger", "inside"] });
  lab.listen("inside", 80);
  lab.listen("server", 22);
  const keys = newKeys();
  const { program } = await startDaemon(lab, {
    program: C_DAEMON,
    server: { ENABLE_IPT_FORWARDING: "Y", ENABLE_IPT_LOCAL_NAT: "Y" },
    access: [{ ...keys, FW_ACCESS_TIMEOUT: 60 }],
    args: ["-v"],
  });
  const server = lab.address("server");
  const target = ["-a", lab.address("knocker"), "-D", server, ...keyArgs(keys)];
  const requests = [
    [2, 8080, ["-A", "tcp/8080", "-N", `${INSIDE}:80`]],
    [4, 8081, ["-A", "tcp/8081", "-N", `${INSIDE},80`, "-f", "77"]],
    [5, 60001, ["-A", "tcp/22", "--nat-local", "--nat-port", "60001"]],
    [6, 60002, ["-A", "tcp/22", "--nat-local", "--nat-port", "60002", "-f", "77"]],
  ] as const;
  for (const [type, port, args] of requests) {
    assert.equal(await lab.probe("knocker", server, port), "filtered");
    const mark = program.mark();
    await knock(lab, [...args, ...target]);
    await program.waitFor(new RegExp(`Message Type: ${type} `), { since: mark });
    assert.ok(await lab.opens("knocker", server, port), program.lines.slice(mark).join("\n"));
    assert.equal(await lab.probe("knocker", server, port), "open");
    assert.equal(await lab.probe("stranger", server, port), "filtered");
  }
}, { needs: C_PROGRAMS });
