/** The five-minute start of the README, with the very texts that stand there. */
import assert from "node:assert/strict";
import { knock, labTest, makeLab, newKeys, OUR_DAEMON } from "../lab/mod.ts";
import { READY } from "../lab/mod.ts";

/** The content of a fenced block of the README that holds `word`. */
async function block(word: string): Promise<string> {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const blocks = [...readme.matchAll(/^```\w*\n(.*?)^```$/gms)].map((match) => match[1]!);
  const found = blocks.filter((text) => text.includes(word));
  assert.equal(found.length, 1, `one block with "${word}"`);
  return found[0]!;
}

labTest("the five-minute start of the README works as it stands there", async () => {
  await using lab = await makeLab({ guard: "none" });
  await lab.must("server", ["nft", "-f", "-"], { stdin: await block("type filter hook input") });
  const keys = newKeys();
  const withKeys = (text: string) =>
    text.replace(/^(KEY_BASE64 +)…/m, `$1${keys.KEY_BASE64}`).replace(
      /^(HMAC_KEY_BASE64 +)…/m,
      `$1${keys.HMAC_KEY_BASE64}`,
    );
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${lab.dir}/${name}`, text, { mode: 0o600 });
    return `${lab.dir}/${name}`;
  };
  const server = lab.address("server");
  const access = await write("access.conf", withKeys(await block("OPEN_PORTS")));
  const config = await write("fwknopd.conf", await block("PCAP_INTF  "));
  const rc = withKeys(await block("SPA_SERVER")).replace("server.example.org", server)
    .replace(/^ALLOW_IP.*$/m, `ALLOW_IP ${lab.address("knocker")}`);
  await write(".fwknoprc", rc);
  const daemon = lab.spawn("server", [...OUR_DAEMON.argv, "-f", "-c", config, "-a", access, "-r", `${lab.dir}/run`]);
  await daemon.waitFor(READY);
  const shown = (await block("# fwknopd -f")).trim().split("\n").slice(1);
  for (const line of shown) assert.ok(daemon.lines.includes(line), `the README shows "${line}":\n${daemon.output}`);
  assert.equal(await lab.probe("knocker", server, 22), "filtered");
  await knock(lab, ["-n", "home"]);
  assert.ok(await lab.opens("knocker", server, 22), daemon.output);
  assert.equal(await lab.probe("stranger", server, 22), "filtered");
});
