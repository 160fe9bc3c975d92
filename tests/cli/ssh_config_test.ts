import assert from "node:assert/strict";
import { formatSshConfig } from "../../cli/ssh_config.ts";
import { runOwn, temporaryFolder } from "./harness.ts";

const gw = { server: "gw.example.org", access: "tcp/22", natRandPort: false, natPort: 0 };

/** What ssh makes of a configuration: the settings of one host, as `ssh -G` prints them. */
async function asSsh(lines: readonly string[], host: string): Promise<Map<string, string> | null> {
  using folder = temporaryFolder();
  const path = `${folder.path}/config`;
  await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
  try {
    const { code, stdout, stderr } = await new Deno.Command("ssh", { args: ["-G", "-F", path, host] }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const text = new TextDecoder().decode(stdout).trimEnd();
    return new Map(
      text.split("\n").map((line) => {
        const blank = line.indexOf(" ");
        return [line.slice(0, blank), line.slice(blank + 1)];
      }),
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    assert.notEqual(Deno.env.get("CI"), "true", "ssh is not installed (apt-get install openssh-client)");
    console.log("skipped: ssh is not installed (apt-get install openssh-client)");
    return null;
  }
}

Deno.test("ssh reads the lines of --ssh-config: host, port and command", async () => {
  const lines = formatSshConfig("gw", { ...gw, access: "udp/53,tcp/2222" });
  const read = await asSsh(lines, "gw");
  if (read === null) return;
  assert.equal(read.get("hostname"), "gw.example.org");
  assert.equal(read.get("port"), "2222");
  assert.equal(read.get("proxycommand"), "fwknop -n gw --proxy %h %p");
});

Deno.test("the commented form without relay is one that ssh reads", async () => {
  const lines = formatSshConfig("gw", { ...gw, natPort: 4422 });
  const start = lines.findIndex((line) => line.startsWith("# Match host gw "));
  assert.ok(lines[start]?.includes('exec "fwknop -n gw --wait=5"'));
  const form = lines.slice(start).map((line) => line.replace(/^# /, "").replace(/exec ".*"/, 'exec "true"'));
  const read = await asSsh(form, "gw");
  if (read === null) return;
  assert.equal(read.get("hostname"), "gw.example.org");
  assert.equal(read.get("port"), "4422");
});

Deno.test("names with blanks and percent signs are quoted for ssh and the shell", () => {
  const lines = formatSshConfig("my 5%", gw, "/etc/rc file");
  assert.ok(
    lines.includes("    ProxyCommand fwknop --rc-file '/etc/rc file' -n 'my 5%%' --proxy %h %p"),
    lines.join("\n"),
  );
  assert.ok(lines.includes("Host gw.example.org"));
  assert.throws(() => formatSshConfig('a"b', gw), /cannot be named in ssh_config/);
});

Deno.test("ssh reads an IPv6 zone in the name of the host", async () => {
  const read = await asSsh(formatSshConfig("gw", { ...gw, server: "fe80::1%eth0" }), "gw");
  if (read !== null) assert.equal(read.get("hostname"), "fe80::1%eth0");
});

Deno.test("a random port has no form without relay", () => {
  assert.ok(!formatSshConfig("gw", { ...gw, natRandPort: true }).some((line) => line.includes("Match")));
});

Deno.test("--ssh-config says when there is no such stanza", async () => {
  using home = temporaryFolder();
  const run = await runOwn(["--ssh-config", "gw"], { env: { HOME: home.path } });
  assert.equal(run.code, 1);
  assert.match(run.err, /\[gw\] was not found/);
});
