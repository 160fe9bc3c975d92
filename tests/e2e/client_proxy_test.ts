/** `--proxy` of the client: what ssh's ProxyCommand gets, from a port that is shut until the knock. */
import assert from "node:assert/strict";
import { type Directives, type Lab, labTest, makeLab, OUR_CLIENT, writeRc } from "../lab/mod.ts";
import { type Scene, setScene } from "./scene.ts";

const SOCAT = { socat: "socat" };

/** Words for a shell of the test: none holds a quote. */
function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** The client with an rc file in which `[gw]` knows the keys. */
async function proxyCommand(lab: Lab, scene: Scene, more: Directives = {}): Promise<string> {
  const gw = { SPA_SERVER: scene.server, ALLOW_IP: lab.address("knocker"), ...scene.keys, ...more };
  const rc = await writeRc(lab.dir, { gw });
  return `${shellWords([...OUR_CLIENT.argv, "--rc-file", rc])}`;
}

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function writeRandom(path: string, megabytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const chunk = new Uint8Array(65_536);
  for (let count = 0; count < megabytes * 16; count++) {
    crypto.getRandomValues(chunk);
    for (let written = 0; written < chunk.length;) written += file.writeSync(chunk.subarray(written));
  }
}

labTest("--proxy carries what is sent, ends it, and still brings the answer", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const command = await proxyCommand(lab, scene);
  await writeRandom(`${lab.dir}/sent`, 24);
  // Answers only after the end of what it reads.
  lab.spawn("server", ["socat", "-t", "30", "TCP-LISTEN:22,reuseaddr", "SYSTEM:sha256sum"]);
  const run = await lab.run("knocker", [
    "sh",
    "-c",
    `${command} --proxy ${scene.server} 22 < ${lab.dir}/sent`,
  ]);
  assert.equal(run.code, 0, run.stderr + scene.daemon.program.output);
  assert.equal(run.stdout, `${await sha256(`${lab.dir}/sent`)}  -\n`);
}, { needs: SOCAT });

labTest("--proxy brings a large file whole, and nothing but it", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const command = await proxyCommand(lab, scene);
  await writeRandom(`${lab.dir}/held`, 24);
  lab.spawn("server", ["socat", "-u", `FILE:${lab.dir}/held`, "TCP-LISTEN:22,reuseaddr"]);
  const got = `${lab.dir}/got`;
  const run = await lab.run("knocker", ["sh", "-c", `${command} -v --proxy ${scene.server} 22 > ${got} < /dev/null`]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /tcp\/22 of 10\.77\.0\.1 opened/);
  assert.equal(await sha256(got), await sha256(`${lab.dir}/held`));
}, { needs: SOCAT });

labTest("--proxy says on standard error why nothing opened, with status 3", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab);
  const command = await proxyCommand(lab, scene, { HMAC_KEY_BASE64: btoa("another key") });
  const run = await lab.run("knocker", ["sh", "-c", `${command} --wait=1 --proxy ${scene.server} 22`]);
  assert.equal(run.code, 3);
  assert.equal(run.stdout, "");
  assert.match(run.stderr, /did not open within 1 s/);
});

/** Takes a connection from the program that it starts with a socket as standard output, and speaks over it. */
const RECEIVER = `import socket,subprocess,sys
ours,theirs=socket.socketpair()
child=subprocess.Popen(sys.argv[1:],stdin=subprocess.DEVNULL,stdout=theirs)
theirs.close()
data,fds,flags,_=socket.recv_fds(ours,16,4)
code=child.wait()
connection=socket.socket(fileno=fds[0])
connection.sendall(b"over it")
connection.shutdown(socket.SHUT_WR)
print(code,len(fds),connection.recv(100).decode())`;

labTest("--proxy --fdpass hands the connection to a receiver that is not ssh", async () => {
  await using lab = await makeLab({ extra: [] });
  const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
  const rc = await writeRc(lab.dir, {
    gw: { SPA_SERVER: scene.server, ALLOW_IP: lab.address("knocker"), ...scene.keys },
  });
  lab.spawn("server", ["socat", "TCP-LISTEN:22,reuseaddr", "SYSTEM:tr a-z A-Z"]);
  const client = [...OUR_CLIENT.argv, "--rc-file", rc, "--fdpass", "--proxy", scene.server, "22"];
  const run = await lab.run("knocker", ["python3", "-c", RECEIVER, ...client]);
  assert.equal(run.stdout, "0 1 OVER IT\n", run.stderr);
}, { needs: { ...SOCAT, python3: "python3" } });

/**
 * A real sshd with a configuration, host key and authorized key of its own. It wants /run/sshd: a /run of its own, in a mount
 * namespace, leaves the machine's alone.
 */
async function startSshd(lab: Lab): Promise<{ readonly identity: string; readonly knownHosts: string }> {
  const [hostKey, identity] = [`${lab.dir}/host_key`, `${lab.dir}/identity`];
  for (const path of [hostKey, identity]) {
    await lab.must("server", ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]);
  }
  const config = `${lab.dir}/sshd_config`;
  await Deno.writeTextFile(
    config,
    [
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${identity}.pub`,
      `PidFile ${lab.dir}/sshd.pid`,
      "ListenAddress 0.0.0.0:22",
      ...["AuthenticationMethods publickey", "PermitRootLogin yes", "StrictModes no", "UsePAM no", "UseDNS no"],
    ].join("\n") + "\n",
  );
  const script = `mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f '${config}'`;
  await lab.spawn("server", ["unshare", "-m", "sh", "-c", script]).waitFor(/Server listening/);
  const knownHosts = `${lab.dir}/known_hosts`;
  await Deno.writeTextFile(knownHosts, `* ${await Deno.readTextFile(`${hostKey}.pub`)}`);
  return { identity, knownHosts };
}

for (const fdpass of ["no", "yes"]) {
  labTest(`a real ssh gets to a real sshd with ProxyCommand and ProxyUseFdpass ${fdpass}`, async () => {
    await using lab = await makeLab({ extra: [] });
    const scene = await setScene(lab, { stanza: { FW_ACCESS_TIMEOUT: 30 } });
    const command = await proxyCommand(lab, scene);
    const { identity, knownHosts } = await startSshd(lab);
    await writeRandom(`${lab.dir}/sent`, 4);
    const ssh = ["ssh", "-F", "none", "-i", identity];
    for (
      const option of [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        `UserKnownHostsFile=${knownHosts}`,
        `ProxyUseFdpass=${fdpass}`,
        `ProxyCommand=${command} --proxy %h %p`,
      ]
    ) ssh.push("-o", option);
    const client = [...ssh, `root@${scene.server}`, "sha256sum; exit 7"];
    assert.equal(await lab.probe("knocker", scene.server, 22), "filtered");
    // Quotes of the command are ssh's to see, so no shell comes between.
    const script = 'exec "$@" < "$0"';
    const run = await lab.run("knocker", ["sh", "-c", script, `${lab.dir}/sent`, ...client]);
    assert.equal(run.stdout, `${await sha256(`${lab.dir}/sent`)}  -\n`, run.stderr + scene.daemon.program.output);
    assert.equal(run.code, 7);
    assert.equal(run.stderr, "");
  }, { needs: { ssh: "openssh-client", sshd: "openssh-server" } });
}
