/**
 * What the how-tos of fwknop tell: a host that drops everything, a port scan that finds nothing, a knock, a login by ssh
 * through the open door, the door shut again with the session still up, and a scan that finds nothing. With Debian's sshd,
 * ssh and nmap.
 */
import assert from "node:assert/strict";
import {
  C_CLIENT,
  cClientBlocker,
  type Guard,
  keyArgs,
  knock,
  type Lab,
  labTest,
  makeLab,
  newKeys,
  OUR_CLIENT,
  OUR_DAEMON,
  OUTER,
  type Program,
  type ProgramUnderTest,
  READY,
} from "../lab/mod.ts";

const NEEDS = { "/usr/sbin/sshd": "openssh-server", ssh: "openssh-client", nmap: "nmap" };
/** How long a door is open: long enough for ssh to connect, which then needs no door. */
const OPEN_SECONDS = 6;

/** How the two ends are set up. */
interface Setup {
  /** What stands in access.conf. */
  readonly access: string;
  /** The arguments of the client that say where the key is. */
  readonly keys: readonly string[];
}

/** Keys in base64, as the key generator prints them. */
function today(_: Lab): Promise<Setup> {
  const keys = newKeys();
  const lines = ["SOURCE ANY", "REQUIRE_SOURCE_ADDRESS Y", "OPEN_PORTS tcp/22", `FW_ACCESS_TIMEOUT ${OPEN_SECONDS}`];
  const access = [...lines, ...Object.entries(keys).map(([name, value]) => `${name} ${value}`)].join("\n");
  return Promise.resolve({ access: `${access}\n`, keys: keyArgs(keys) });
}

/** A file of fwknop 1.x, one pass phrase and no HMAC, and the way in which its clients were told theirs. */
async function olden(lab: Lab): Promise<Setup> {
  const file = `${lab.dir}/spa.keys`;
  await Deno.writeTextFile(file, `${lab.address("server")}: an old pass phrase\n`, { mode: 0o600 });
  const lines = [
    "SOURCE: ANY;",
    "OPEN_PORTS: tcp/22;",
    "KEY: an old pass phrase;",
    `FW_ACCESS_TIMEOUT: ${OPEN_SECONDS};`,
  ];
  return { access: `${lines.join("\n")}\n`, keys: ["--get-key", file] };
}

async function startServer(lab: Lab, access: string, guard: Guard): Promise<Program> {
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${lab.dir}/${name}`, text, { mode: 0o600 });
    return `${lab.dir}/${name}`;
  };
  const config = await write(
    "fwknopd.conf",
    `PCAP_INTF ${OUTER};\nFIREWALL ${guard};\nFWKNOP_RUN_DIR ${lab.dir}/run;\n`,
  );
  const files = ["-c", config, "-a", await write("access.conf", access)];
  const daemon = lab.spawn("server", [...OUR_DAEMON.argv, ...files, "-f"]);
  await daemon.waitFor(READY);
  return daemon;
}

/** Keys and nothing else; what it needs is in its folder. */
function sshdConfig(dir: string, server: string): string {
  const options = {
    ListenAddress: server,
    HostKey: `${dir}/host`,
    AuthorizedKeysFile: `${dir}/user.pub`,
    AuthenticationMethods: "publickey",
    PermitRootLogin: "prohibit-password",
    StrictModes: "no",
    UsePAM: "no",
    PidFile: "none",
  };
  return Object.entries(options).map(([name, value]) => `${name} ${value}\n`).join("");
}

/** Debian's sshd with keys of its own; the client's part of the command line. */
async function startSshd(lab: Lab): Promise<readonly string[]> {
  const dir = `${lab.dir}/ssh`;
  await Deno.mkdir(dir, { mode: 0o700 });
  for (const name of ["host", "user"]) {
    await lab.must("server", ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `${dir}/${name}`]);
  }
  const server = lab.address("server");
  const host = await Deno.readTextFile(`${dir}/host.pub`);
  await Deno.writeTextFile(`${dir}/known`, `${server} ${host}`);
  await Deno.writeTextFile(`${dir}/config`, sshdConfig(dir, server));
  // Its folder for the separation of rights is made where nobody else sees it.
  const start = `mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -D -e -f ${dir}/config`;
  const sshd = lab.spawn("server", ["unshare", "--mount", "--propagation", "private", "sh", "-c", start]);
  await sshd.waitFor(/Server listening on 10\.77\.0\.1 port 22/);
  const own = {
    UserKnownHostsFile: `${dir}/known`,
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    IdentitiesOnly: "yes",
  };
  return [
    "ssh",
    "-F",
    "none",
    "-i",
    `${dir}/user`,
    ...Object.entries(own).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
}

/** The ports that a scan finds in any other state than silent. */
async function scan(lab: Lab): Promise<readonly string[]> {
  const server = lab.address("server");
  const args = ["-n", "-Pn", "-sS", "-p", "1-100,443,62201", "-T5", "--max-retries", "1", "-oG", "-", server];
  const said = await lab.must("knocker", ["nmap", ...args]);
  assert.match(said, /Nmap done.* 1 IP address \(1 host up\) scanned/);
  assert.match(said, /Ignored State: filtered|Ports: /);
  return [...said.matchAll(/(\d+)\/(open|closed|unfiltered)\//g)].map(([, port, state]) => `${port} ${state}`);
}

interface Story extends Setup {
  readonly guard: Guard;
  readonly client: ProgramUnderTest;
}

async function tellStory(lab: Lab, { guard, client, access, keys }: Story): Promise<void> {
  const server = lab.address("server");
  const ssh = await startSshd(lab);
  const daemon = await startServer(lab, access, guard);
  assert.deepEqual(await scan(lab), [], "before the knock");

  await knock(lab, ["-A", "tcp/22", "-a", lab.address("knocker"), "-D", server, ...keys], { program: client });
  assert.ok(await lab.opens("knocker", server, 22), daemon.output);
  const session = lab.spawn("knocker", [
    ...ssh,
    "-M",
    "-S",
    `${lab.dir}/session`,
    `root@${server}`,
    // It ends with its connection, of which nothing else would tell it.
    "echo in; while echo; do sleep 1; done",
  ]);
  await session.waitFor(/^in$/);
  assert.equal(await lab.probe("stranger", server, 22), "filtered");

  // Not probed until it is shut: hundreds of connections that say nothing are more than sshd takes.
  await daemon.waitFor(/Removed rule 1 from/);
  assert.ok(await lab.closes("knocker", server, 22), daemon.output);
  // What would make a connection of its own fails: the answer comes through the session that is open.
  const through = [...ssh, "-o", "ProxyCommand=false", "-S", `${lab.dir}/session`, `root@${server}`, "echo still here"];
  assert.equal(await lab.must("knocker", through), "still here\n");
  const found = await scan(lab);
  const rules = found.length === 0 ? "" : (await lab.run("server", ["nft", "list", "ruleset"])).stdout;
  assert.deepEqual(found, [], `after the door was shut\n${daemon.output}\n${rules}`);
}

for (const guard of ["nftables", "iptables"] as const) {
  for (const client of [OUR_CLIENT, C_CLIENT]) {
    const blocker = client === C_CLIENT ? cClientBlocker : () => null;
    const whose = client === C_CLIENT ? "the C client" : "our client";
    labTest(
      `scan, knock, login, door shut, still logged in, scan; with new keys and with a KEY: file of 1.x: ${guard}, ${whose}`,
      async () => {
        // At the same time: most of it is waiting.
        await Promise.all([today, olden].map(async (setup) => {
          await using lab = await makeLab({ guard });
          await tellStory(lab, { guard, client, ...await setup(lab) });
        }));
      },
      { needs: NEEDS, blocker },
    );
  }
}
