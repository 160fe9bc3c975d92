import assert from "node:assert/strict";
import { testWith } from "../lab/gate.ts";

const SYSTEMD = new URL("../../packaging/systemd/", import.meta.url).pathname;
const MAN = new URL("../../docs/man/", import.meta.url).pathname;

Deno.test("the service unit lets no core dump of the daemon be written", () => {
  assert.match(Deno.readTextFileSync(`${SYSTEMD}fwknopd.service`), /^\[Service\]$[^[]*^LimitCORE=0$/m);
});

Deno.test("what the unit checks is what it starts: the checks have the options of the start that are about the host", () => {
  for (const unit of ["fwknopd.service", "notify-reload.conf"]) {
    const lines = Deno.readTextFileSync(SYSTEMD + unit).split("\n").filter((line) => /^Exec\w+=@SBINDIR@/.test(line));
    assert.ok(lines.length > 0, unit);
    for (const line of lines) assert.match(line, / --wait-for-interface( |$)/, unit);
  }
});

/** The units as "make install" writes them, with a program, and the manual pages where `man` finds them. */
function installedIn(folder: string): readonly string[] {
  const program = `${folder}/fwknopd`;
  Deno.writeTextFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  for (const section of ["5", "8"]) {
    Deno.mkdirSync(`${folder}/man${section}`);
    for (const { name } of Deno.readDirSync(MAN)) {
      if (name.endsWith(`.${section}`)) Deno.copyFileSync(`${MAN}${name}`, `${folder}/man${section}/${name}`);
    }
  }
  const units = ["fwknopd.service", "fwknopd.socket", "fwknopd.service.d/notify-reload.conf"];
  Deno.mkdirSync(`${folder}/fwknopd.service.d`);
  for (const unit of units) {
    const text = Deno.readTextFileSync(SYSTEMD + unit.replace(/^.*\//, ""));
    Deno.writeTextFileSync(`${folder}/${unit}`, text.replaceAll("@SBINDIR@", folder));
  }
  return units.slice(0, 2).map((unit) => `${folder}/${unit}`);
}

testWith(
  { "systemd-analyze": "systemd", man: "man-db" },
  "systemd understands every line of the units, and finds the manual pages that they name",
  () => {
    const folder = Deno.makeTempDirSync();
    try {
      const units = installedIn(folder);
      const verify = () => {
        const command = new Deno.Command("systemd-analyze", {
          args: ["verify", "--man=yes", ...units],
          env: { MANPATH: folder },
        });
        // Of a line that it does not know it warns, and its exit status is 0.
        return new TextDecoder().decode(command.outputSync().stderr);
      };
      // Before version 253 there is no such type.
      const said = verify().split("\n").filter((line) =>
        !line.endsWith("Failed to parse service type, ignoring: notify-reload")
      );
      assert.equal(said.join("\n"), "");
      Deno.removeSync(`${folder}/man5/fwknopd.conf.5`);
      assert.match(verify(), /man fwknopd\.conf\(5\)/, "it looks for them");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

testWith({ "systemd-analyze": "systemd" }, "the service is exposed by no more than 2 of 10, as systemd counts", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const [unit] = installedIn(folder);
    const judge = (threshold: string) =>
      new Deno.Command("systemd-analyze", {
        args: ["security", "--offline=true", `--threshold=${threshold}`, "--no-pager", unit!],
        stdout: "null",
        stderr: "null",
      }).outputSync().code;
    assert.equal(judge("20"), 0);
    assert.notEqual(judge("5"), 0, "it counts");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
