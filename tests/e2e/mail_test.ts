/** Mail about what the daemon did and refused, to a real SMTP server and through a real program that takes mails. */
import assert from "node:assert/strict";
import { breakableTools, FAILURES } from "../lab/broken_tools.ts";
import {
  type Directives,
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  writeServerConfig,
} from "../lab/mod.ts";
import { MAIL_PROGRAMS, startMailServer, type TakenMail } from "../lab/mail_server.ts";
import { setScene } from "./scene.ts";

const SHORT = { EMAIL_ADDRESSES: "root@localhost;", HOSTNAME: "gw.test", EMAIL_INTERVAL: 1 };
const MAIL = { ...SHORT, EMAIL_SERVER: "127.0.0.1" };
/** So long that nothing is sent before the end. */
const LATE = { ...MAIL, EMAIL_INTERVAL: 3600 };
const OPENED = / {2}\S+Z {2}Added access rule to inet guard \S+ for 10\.77\.0\.2 -> \S+ tcp\/22, expires at \d+/;

function mailTest(name: string, body: (lab: Lab) => Promise<void>, guard: Guard = "nftables"): void {
  labTest(name, async () => {
    await using lab = await makeLab({ extra: [], guard });
    await body(lab);
  }, { needs: MAIL_PROGRAMS });
}

/** How many of a kind the subjects of these mails count. */
function counted(mails: readonly TakenMail[], kind: string): number {
  const counts = mails.map(({ text }) => new RegExp(`^Subject: .* ([0-9]+) ${kind}s?(?:,|\\r$)`, "m").exec(text)?.[1]);
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
}

mailTest("a knock is told in a mail, and so are a replay and a refusal of who has a key", async (lab) => {
  const server = await startMailServer(lab);
  const scene = await setScene(lab, { server: MAIL, stanza: { OPEN_PORTS: "tcp/22" } });
  const packet = await scene.seal(22);
  scene.send(packet);
  const { from, to, text } = await server.mail(0);
  assert.equal(from, "fwknopd@gw.test");
  assert.deepEqual(to, ["root@localhost"]);
  assert.match(text, /^Subject: \[fwknopd\] gw\.test: 1 grant\r$/m);
  assert.match(text, OPENED);
  scene.send(packet);
  assert.match((await server.mail(1)).text, /\(1\):\r\n {2}\S+Z {2}Replay detected from source IP/);
  await scene.knock(23);
  assert.match((await server.mail(2)).text, /gw\.test: 1 refusal\r\n[^]*ports was denied per access\.conf/);
});

mailTest("the program of this host takes mails, with the sender that is written", async (lab) => {
  const server = await startMailServer(lab);
  await Deno.writeTextFile(`${lab.dir}/msmtprc`, "account default\nhost 127.0.0.1\nport 25\n");
  const sendmail = `${lab.dir}/sendmail`;
  await Deno.writeTextFile(sendmail, `#!/bin/sh\nexec /usr/bin/msmtp -C ${lab.dir}/msmtprc "$@"\n`);
  await Deno.chmod(sendmail, 0o755);
  const mail = {
    ...SHORT,
    SENDMAIL_EXE: sendmail,
    EMAIL_FROM: "gate@gw.test",
    EMAIL_ADDRESSES: "root@localhost, b@localhost",
  };
  const scene = await setScene(lab, { server: mail });
  await scene.knock(22);
  const { from, to, text } = await server.mail(0);
  assert.deepEqual([from, to], ["gate@gw.test", ["root@localhost", "b@localhost"]]);
  assert.match(text, OPENED);
});

mailTest("a server that is down costs one line and no knock, and gets all of it later", async (lab) => {
  const scene = await setScene(lab, { server: MAIL });
  const { program } = scene.daemon;
  await scene.knock(22);
  await program.waitFor(/^Cannot send mail, trying again: EMAIL_SERVER 127\.0\.0\.1 port 25: .*ECONNREFUSED/);
  await scene.processed();
  const server = await startMailServer(lab);
  const { text } = await server.mail(0);
  assert.match(text, OPENED);
  assert.match(text, /tcp\/40001/);
  assert.match(text, /^\d+ attempts to send this failed before, the last one so: EMAIL_SERVER .*ECONNREFUSED/m);
  await program.waitFor(/^Mail is sent again, after \d+ attempts that failed/);
  assert.equal(program.count(/Cannot send mail/), 1);
  assert.equal((await scene.daemon.stop()).code, 0);
});

mailTest("a server that never answers delays neither a knock nor, for long, the end", async (lab) => {
  const silent = lab.spawn("server", ["socat", "TCP-LISTEN:25,bind=127.0.0.1,fork", "EXEC:sleep 600"]);
  const scene = await setScene(lab, { server: MAIL });
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22));
  const connected = async () =>
    (await lab.run("server", ["ss", "-Htn", "state", "established", "dport = 25"])).stdout !== "";
  while (!await connected()) assert.equal(silent.ended, null);
  await scene.processed();
  assert.equal((await scene.daemon.program.stop("SIGTERM", 30_000)).code, 0, scene.daemon.program.output);
  await scene.daemon.program.waitFor(/^\d+ events are in no mail, because none could be sent before the end/);
  assert.equal(scene.daemon.program.count(/Cannot send mail/), 0);
});

mailTest("a program that is not there, and one that finds the disk full, cost a line each", async (lab) => {
  const full = `${lab.dir}/sendmail`;
  await Deno.writeTextFile(full, "#!/bin/sh\ncat > /dev/full\n");
  await Deno.chmod(full, 0o755);
  const absent = `${lab.dir}/absent`;
  const scene = await setScene(lab, { server: { ...SHORT, SENDMAIL_EXE: absent } });
  const { program, dir } = scene.daemon;
  assert.match(program.output, new RegExp(`^EMAIL_ADDRESSES: there is no ${absent} to send mail with`, "m"));
  await scene.knock(22);
  await program.waitFor(new RegExp(`^Cannot send mail, trying again: Cannot start "${absent}": `));
  assert.ok(await lab.opens("knocker", scene.server, 22));
  await scene.daemon.stop();
  await writeServerConfig(dir, { PCAP_INTF: "eth0", ...SHORT, SENDMAIL_EXE: full });
  const again = await scene.daemon.again();
  await scene.knock(23);
  await again.program.waitFor(/^Cannot send mail, trying again: \S+sendmail: .*No space left on device/);
  assert.ok(await lab.opens("knocker", scene.server, 23));
});

mailTest("a thousand replays are a few mails, and hide no grant", async (lab) => {
  const server = await startMailServer(lab);
  const scene = await setScene(lab, { server: { ...MAIL, EMAIL_LIMIT: 3 } });
  const packet = await scene.seal(22);
  for (let i = 0; i < 1000; i++) scene.send(packet);
  await scene.processed();
  await scene.daemon.stop();
  const mails = server.taken();
  assert.ok(mails.length >= 1 && mails.length <= 4, String(mails.length));
  assert.equal(counted(mails, "grant"), 2);
  assert.ok(counted(mails, "replay") >= 500, mails.map(({ text }) => text).join("\n"));
  for (const { text } of mails) assert.ok(text.length < 10_000, text);
});

mailTest("what the packet filter refuses is told in a mail", async (lab) => {
  const server = await startMailServer(lab);
  const tools = breakableTools(lab);
  const directives: Directives = { ...MAIL, FIREWALL: "iptables" };
  const scene = await setScene(lab, { server: directives, program: tools.daemon });
  tools.break(FAILURES.fails, /^iptables/);
  await scene.knock(22);
  const { text } = await server.mail(0);
  assert.match(text, /^Subject: .*: \d+ errors?\r$/m);
  assert.match(text, /Cannot open input tcp\/22: .*iptables\S* failed: broken for a test/);
  tools.mend();
}, "iptables");

mailTest("what is collected at the end is sent before it, and a mail tells nothing twice", async (lab) => {
  const server = await startMailServer(lab);
  const scene = await setScene(lab, { server: LATE });
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22));
  assert.equal((await scene.daemon.program.stop("SIGTERM", 30_000)).code, 0, scene.daemon.program.output);
  assert.match((await server.mail(0)).text, OPENED);
  assert.equal(server.taken().length, 1);
});

mailTest("a command of a packet is told in a mail, and what anybody can send is not", async (lab) => {
  const server = await startMailServer(lab);
  const scene = await setScene(lab, { server: LATE, stanza: { ENABLE_CMD_EXEC: "Y" } });
  scene.send((await scene.seal(22)).replace(/.{9}$/, "AAAAAAAAA"));
  await knock(lab, ["-C", "/bin/true", "-a", lab.address("knocker"), "-D", scene.server, ...keyArgs(scene.keys)]);
  await scene.daemon.program.waitFor(/command returned 0/);
  assert.equal((await scene.daemon.program.stop("SIGTERM", 30_000)).code, 0);
  const { text } = await server.mail(0);
  assert.match(text, /gw\.test: 1 grant\r\n[^]*Z {2}\[10\.77\.0\.2\] \(stanza #1\) CMD_EXEC: \/bin\/true\r\n/);
});

mailTest("SIGHUP puts other settings of mail into force", async (lab) => {
  const server = await startMailServer(lab);
  const scene = await setScene(lab, {});
  const { dir, program } = scene.daemon;
  await scene.knock(22);
  assert.ok(await lab.opens("knocker", scene.server, 22));
  await writeServerConfig(dir, {
    PCAP_INTF: "eth0",
    ...MAIL,
    EMAIL_ADDRESSES: "ops@localhost",
    EMAIL_EVENTS: "grants",
  });
  program.signal("SIGHUP");
  await program.waitFor(/Re-starting fwknopd/);
  await scene.knock(23);
  const { to, text } = await server.mail(0);
  assert.deepEqual(to, ["ops@localhost"]);
  assert.match(text, /tcp\/23/);
  assert.doesNotMatch(text, /tcp\/22/);
});
