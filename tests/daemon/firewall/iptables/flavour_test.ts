import assert from "node:assert/strict";
import { executableFor, flavourOf } from "../../../../daemon/firewall/iptables/flavour.ts";
import { DEFAULTS } from "./defaults.ts";

/** A folder with an iptables that the host has chosen, as update-alternatives does it. */
async function host(chosen: "nft" | "legacy") {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/xtables-${chosen}-multi`, "");
  await Deno.symlink(`xtables-${chosen}-multi`, `${folder}/iptables-${chosen}`);
  await Deno.symlink(`${folder}/iptables-${chosen}`, `${folder}/iptables`);
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("flavourOf() goes by the name, and else by the program behind it", async () => {
  assert.equal(flavourOf("/usr/sbin/iptables-legacy"), "iptables-legacy");
  assert.equal(flavourOf("/usr/sbin/iptables-nft"), "iptables-nft");
  assert.equal(flavourOf("/nowhere/iptables"), "iptables-nft");
  for (const chosen of ["nft", "legacy"] as const) {
    await using there = await host(chosen);
    assert.equal(flavourOf(`${there.folder}/iptables`), `iptables-${chosen}`);
  }
});

Deno.test("executableFor() takes what the host has chosen where that is the right one, else the other by its name", async () => {
  for (const chosen of ["nft", "legacy"] as const) {
    await using there = await host(chosen);
    const config = { ...DEFAULTS, firewallExe: `${there.folder}/iptables` };
    const other = chosen === "nft" ? "iptables-legacy" : "iptables-nft";
    assert.equal(executableFor(config, `iptables-${chosen}`), `${there.folder}/iptables`);
    assert.equal(executableFor(config, other), `${there.folder}/${other}`);
    assert.equal(executableFor(config, null), `${there.folder}/iptables`);
    assert.equal(
      executableFor({ ...config, isExeGiven: true }, other),
      `${there.folder}/iptables`,
      "FIREWALL_EXE is law",
    );
  }
});
