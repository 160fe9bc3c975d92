/** `make install` and `make uninstall`, staged below a folder of the test with two stand-ins for the programs. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../cli/harness.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Every path below a folder with its mode, files with a slash in front. */
function tree(folder: string, below = ""): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}${below}`)) {
    const path = `${below}/${name}`;
    found.set(path, Deno.lstatSync(`${folder}${path}`).mode! & 0o7777);
    if (isDirectory) { for (const [inner, mode] of tree(folder, path)) found.set(inner, mode); }
  }
  return found;
}

/** Runs make with the umask of a careful root. */
async function make(folder: string, target: string, ...variables: readonly string[]): Promise<string> {
  Deno.mkdirSync(`${folder}/build`, { recursive: true });
  for (const program of ["fwknop", "fwknopd"]) {
    Deno.writeTextFileSync(`${folder}/build/${program}`, `#!/bin/sh\necho ${program}\n`, { mode: 0o755 });
  }
  const args = ["-C", ROOT, target, `BUILDDIR=${folder}/build`, `DESTDIR=${folder}/to`, ...variables];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'umask 077; exec make --no-print-directory "$@"', "sh", ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return `${folder}/to`;
}

Deno.test("make install puts the unit where systemd looks, with the path of the program, and enables nothing", async () => {
  for (
    const [variables, sbin, lib] of [
      [[], "/usr/local/sbin", "/usr/local/lib"],
      [["PREFIX=/usr"], "/usr/sbin", "/usr/lib"],
      [["PREFIX=/opt/k", "SBINDIR=/opt/k/bin", "UNITDIR=/u/system", "SYSUSERSDIR=/u/sysusers.d"], "/opt/k/bin", null],
    ] as const
  ) {
    using folder = temporaryFolder();
    const to = await make(folder.path, "install", ...variables);
    const unit = lib === null ? "/u/system/fwknopd.service" : `${lib}/systemd/system/fwknopd.service`;
    const user = lib === null ? "/u/sysusers.d/fwknop.conf" : `${lib}/sysusers.d/fwknop.conf`;
    const text = Deno.readTextFileSync(`${to}${unit}`);
    const started = [...text.matchAll(/^ExecStart(?:Pre)?=(\S+)/gm)].map(([, program]) => program);
    assert.deepEqual(started, [`${sbin}/fwknopd`, `${sbin}/fwknopd`]);
    assert.doesNotMatch(text, /@[A-Z]+@/, "every place is filled");
    const files = tree(to);
    assert.equal(files.get(`${sbin}/fwknopd`), 0o755);
    assert.equal(files.get("/etc/fwknop"), 0o700);
    assert.equal(files.get("/etc/fwknop/access.conf"), 0o600);
    assert.ok(![...files.keys()].some((path) => /\.wants|\.requires|\/run\/|\/var\//.test(path)), "nothing is enabled");
    const [, name] = /^u (\S+) /m.exec(Deno.readTextFileSync(`${to}${user}`)) ?? [];
    assert.equal(name, /^User=(.*)$/m.exec(text)?.[1]);
    // Whoever installs with a narrow umask makes folders and files that others can use all the same.
    for (const [path, mode] of files) {
      if (!path.startsWith("/etc")) assert.equal(mode & 0o044, 0o044, `${path} ${mode.toString(8)}`);
    }
  }
});

Deno.test("make install keeps a configuration and its owner's modes; make uninstall leaves nothing else", async () => {
  using folder = temporaryFolder();
  const config = `${folder.path}/to/etc/fwknop`;
  Deno.mkdirSync(config, { recursive: true, mode: 0o750 });
  Deno.chmodSync(config, 0o750);
  Deno.writeTextFileSync(`${config}/access.conf`, "# mine\n");
  const to = await make(folder.path, "install");
  assert.equal(Deno.readTextFileSync(`${config}/access.conf`), "# mine\n");
  assert.equal(tree(to).get("/etc/fwknop"), 0o750);
  assert.ok(tree(to).has("/etc/fwknop/access.conf.sample"));
  await make(folder.path, "uninstall");
  const left = [...tree(to).keys()].filter((path) => Deno.statSync(`${to}${path}`).isFile);
  assert.deepEqual(
    left.sort(),
    ["access.conf", "fingerprints.conf", "fwknopd.conf"].map((name) => `/etc/fwknop/${name}`),
  );
});

Deno.test("make install lets systemd reload by itself from version 253 on, and not before", async () => {
  const read = (to: string, path: string) => Deno.readTextFileSync(`${to}/usr/local/lib/systemd/system/${path}`);
  for (const [version, type] of [["252", "notify"], ["253", "notify-reload"]] as const) {
    using folder = temporaryFolder();
    const to = await make(folder.path, "install", `SYSTEMD_VERSION=${version}`);
    assert.equal(/^Type=(.*)$/m.exec(read(to, "fwknopd.service"))?.[1], "notify");
    assert.match(read(to, "fwknopd.socket"), /^ListenDatagram=62201$/m);
    const dropIn = "fwknopd.service.d/notify-reload.conf";
    const isThere = tree(to).has(`/usr/local/lib/systemd/system/${dropIn}`);
    assert.equal(isThere, type === "notify-reload");
    if (isThere) {
      const checks = [...read(to, dropIn).matchAll(/^ExecReload=(.*)$/gm)].map(([, command]) => command);
      assert.deepEqual(checks, ["", "/usr/local/sbin/fwknopd --exit-parse-config --wait-for-interface"]);
      assert.match(read(to, dropIn), /^Type=notify-reload$/m);
    }
    await make(folder.path, "uninstall", `SYSTEMD_VERSION=${version}`);
    assert.ok(![...tree(to).keys()].some((path) => path.includes("fwknopd.service")), "all of it goes");
  }
});
