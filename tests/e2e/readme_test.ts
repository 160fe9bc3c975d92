/** The five-minute start of the README, with the very texts that stand there. */
import assert from "node:assert/strict";
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
  const shown = new RegExp(/^grep '(.*)' ~\/\.fwknoprc$/m.exec(readme)![1]!);
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
