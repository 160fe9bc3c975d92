/** The five-minute start of the README, with the very texts that stand there. */
import assert from "node:assert/strict";
import { IPV6_UPKEEP } from "../../daemon/firewall/path/examine.ts";
import { knock, labTest, makeLab, OUR_DAEMON, READY } from "../lab/mod.ts";

const README = new URL("../../README.md", import.meta.url);

/** What the README writes into a file by a here-document. */
function hereDocument(readme: string, path: string): string {
  const at = readme.indexOf(`cat > ${path} <<'END'\n`);
  assert.notEqual(at, -1, `the README writes ${path}`);
  const text = readme.slice(at);
  return text.slice(text.indexOf("\n") + 1, text.indexOf("\nEND\n") + 1);
}

/** The arguments of the one line that starts with `command`. */
function argumentsOf(readme: string, command: string): string[] {
  const [line, ...others] = readme.split("\n").filter((one) => one.startsWith(command));
  assert.ok(line !== undefined && others.length === 0, `one line with ${command}`);
  return line.replace(/ +#.*| && .*/, "").split(" ").slice(1);
}

labTest("the five-minute start of the README works as it stands there", async () => {
  await using lab = await makeLab({ guard: "none" });
  const readme = await Deno.readTextFile(README);
  const server = lab.address("server");
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${lab.dir}/${name}`, text, { mode: 0o600 });
    return `${lab.dir}/${name}`;
  };

  // The lab has no HTTPS service to ask and no names: -R and the server's name become addresses.
  const here = new Map([["-R", ["-a", lab.address("knocker")]], ["gw.example.org", [server]]]);
  const local = (args: readonly string[]) => args.flatMap((word) => here.get(word) ?? [word]);
  await knock(lab, ["--rc-file", `${lab.dir}/.fwknoprc`, ...local(argumentsOf(readme, "fwknop --key-gen"))]);
  const rc = await Deno.readTextFile(`${lab.dir}/.fwknoprc`);
  const shown = new RegExp(/^grep (\S+) ~\/\.fwknoprc$/m.exec(readme)![1]!);
  const lines = rc.split("\n").filter((line) => shown.test(line));
  assert.equal(lines.length, 2, "the two lines that the server needs");
  const keys = lines.join("\n");
  const access = await write("access.conf", `${hereDocument(readme, "/etc/fwknop/access.conf")}${keys}\n`);
  const config = await write("fwknopd.conf", /^echo '(.*)' > \/etc\/fwknop\/fwknopd.conf$/m.exec(readme)![1]! + "\n");
  await lab.must("server", ["nft", "-f", "-"], { stdin: hereDocument(readme, "/etc/nftables.conf") });

  const files = ["-c", config, "-a", access, "-r", `${lab.dir}/run`];
  await lab.must("server", [...OUR_DAEMON.argv, ...files, ...argumentsOf(readme, "fwknopd --exit-parse-config")]);
  const daemon = lab.spawn("server", [...OUR_DAEMON.argv, ...files, "-f"]);
  await daemon.waitFor(READY);
  assert.ok(daemon.lines.some((line) => line.startsWith("firewall: nftables, ")), daemon.output);

  lab.listen("server", 22);
  assert.equal(await lab.probe("knocker", server, 22), "filtered");
  await knock(lab, argumentsOf(readme, "fwknop -n gw"));
  assert.ok(await lab.opens("knocker", server, 22), daemon.output);
  assert.equal(await lab.probe("stranger", server, 22), "filtered");
});

/** Sends ICMPv6 and UDP as routers and DHCPv6 servers do, and the same UDP from an address that is not the link's. */
const UPKEEP = `import socket,sys
to=("ff02::1",0,0,socket.if_nametoindex("eth0"))
raw=socket.socket(socket.AF_INET6,socket.SOCK_RAW,socket.IPPROTO_ICMPV6)
raw.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_MULTICAST_IF,to[3])
for kind in (130,131,132,143): raw.sendto(bytes([kind])+bytes(27),to)
for source,target in (("fe80::2","fe80::1"),(sys.argv[1],sys.argv[2])):
    udp=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)
    scope=to[3] if source.startswith("fe80") else 0
    udp.bind((source,547,0,scope))
    udp.sendto(b"reply",(target,546,0,scope))`;

labTest(
  "the ruleset of the README lets in what IPv6 needs: groups' questions and reports, DHCPv6 answers",
  async () => {
    await using lab = await makeLab({ guard: "none" });
    const ruleset = hereDocument(await Deno.readTextFile(README), "/etc/nftables.conf");
    for (const rule of IPV6_UPKEEP) {
      assert.ok(
        ruleset.includes(`    ${rule}\n`),
        `the README has what the daemon advises: ${rule}`,
      );
    }
    for (const [host, address] of [["server", "fe80::1"], ["knocker", "fe80::2"]] as const) {
      await lab.must(host, ["ip", "-6", "address", "add", `${address}/64`, "dev", "eth0", "nodad"]);
    }
    await lab.must("server", ["nft", "-f", "-"], {
      stdin: ruleset.replaceAll(/(fe80.*|mld.*) accept$/gm, "$1 counter accept"),
    });
    await lab.must("knocker", ["python3", "-c", UPKEEP, lab.address("knocker", 6), lab.address("server", 6)]);
    const listed = await lab.must("server", ["nft", "list", "chain", "inet", "filter", "input"]);
    const counted = (rule: string) => Number(new RegExp(`${rule}.*counter packets (\\d+)`).exec(listed)?.[1]);
    // The kernel of the knocker may report a group of its own beside them.
    assert.ok(counted("mld2-listener-report") >= 4, listed);
    assert.equal(counted("sport 547"), 1, listed);
  },
);
