/** What the environment can do to a bundled script: nothing that the runtime would run, load, write or send. */
import assert from "node:assert/strict";
import { scriptHeader } from "../../.ci/script_header.ts";
import { temporaryFolder } from "../cli/harness.ts";

/** Runs a script with the header of a program by a shell, with the `deno` given here or the real one. */
async function runScript(
  options: {
    readonly shell: string;
    readonly env: Record<string, string>;
    readonly deno?: string;
    readonly code?: string;
  },
) {
  using folder = temporaryFolder();
  const path = `${folder.path}/script`;
  Deno.writeTextFileSync(path, scriptHeader("fwknop") + (options.code ?? ""), { mode: 0o755 });
  const bin = `${folder.path}/bin`;
  Deno.mkdirSync(bin);
  if (options.deno === undefined) Deno.symlinkSync(Deno.execPath(), `${bin}/deno`);
  else Deno.writeTextFileSync(`${bin}/deno`, options.deno, { mode: 0o755 });
  const { stdout, stderr } = await new Deno.Command(options.shell, {
    args: [path, "one", "* two"],
    clearEnv: true,
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder.path, ...options.env },
  }).output();
  return { out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr), home: folder.path };
}

/** Prints its last two arguments, then its environment, each variable ended by NUL. */
const SHOW = `#!/bin/sh
while [ "$#" -gt 2 ]; do shift; done
printf '%s\\n' "$@" END
exec env -0
`;

for (const shell of ["/bin/dash", "/bin/bash"]) {
  Deno.test(`by ${shell} the runtime gets no variable of its own but those for certificates, and all others as they were`, async () => {
    const own = [
      ...[
        "NODE_OPTIONS",
        "DENO_V8_FLAGS",
        "DENO_AUDIT_PERMISSIONS",
        "DENO_PERMISSION_BROKER_PATH",
        "DENO_COVERAGE_DIR",
      ],
      ...["DENO_UNSTABLE_CONTROL_SOCK", "NODE_V8_COVERAGE", "OTEL_DENO", "RUST_LOG", "NPM_CONFIG_REGISTRY", "DENO_NEW"],
    ];
    const others = {
      ...{ DENO_CERT: "a b", DENO_TLS_CA_STORE: "system,mozilla", NODE_EXTRA_CA_CERTS: "/c" },
      ...{ HTTPS_PROXY: "http://p", NO_COLOR: "1", XDG_CACHE_HOME: "/x" },
      ODD: "a\nexport DENO_CERT=1 DENO_TLS_CA_STORE=x 'NODE_a;b=c' \"* $(id) `id`\\",
    };
    const env = { ...Object.fromEntries(own.map((name) => [name, "* x"])), ...others, DENO_DIR: "/elsewhere" };
    const { out, err, home } = await runScript({ shell, env, deno: SHOW });
    assert.equal(err, "");
    const [words = "", variables = ""] = out.split("END\n");
    assert.equal(words, "one\n* two\n");
    const seen = new Map(
      variables.split("\0").map((pair) => {
        const equals = pair.indexOf("=");
        return [pair.slice(0, equals), pair.slice(equals + 1)];
      }),
    );
    for (const name of own) assert.ok(!seen.has(name), name);
    for (const [name, value] of Object.entries(others)) assert.equal(seen.get(name), value, name);
    assert.equal(seen.get("DENO_DIR"), `${home}/.cache/deno`);
  });
}

Deno.test("the real runtime runs, loads and writes nothing that the environment names", async () => {
  using elsewhere = temporaryFolder();
  const preload = `${elsewhere.path}/preload.cjs`;
  Deno.writeTextFileSync(preload, "console.log('PRELOADED')");
  const { out, err } = await runScript({
    shell: "/bin/sh",
    code: "console.log('RAN', Deno.args.length);\n",
    env: {
      NODE_OPTIONS: `--require ${preload}`,
      DENO_V8_FLAGS: "--no-such-flag",
      DENO_AUDIT_PERMISSIONS: `${elsewhere.path}/audit`,
      DENO_PERMISSION_BROKER_PATH: `${elsewhere.path}/broker`,
      DENO_COVERAGE_DIR: `${elsewhere.path}/coverage`,
      DENO_DIR: `${elsewhere.path}/cache`,
      XDG_CACHE_HOME: `${elsewhere.path}/xdg`,
      DENO_LOG: "debug",
    },
  });
  assert.deepEqual([out, err], ["RAN 2\n", ""]);
  assert.deepEqual([...Deno.readDirSync(elsewhere.path)].map(({ name }) => name), ["preload.cjs"]);
});

Deno.test("without a home the environment names no other place for what the runtime keeps compiled", async () => {
  const env = { HOME: "", DENO_DIR: "/x", XDG_CACHE_HOME: "/y" };
  assert.doesNotMatch((await runScript({ shell: "/bin/sh", deno: SHOW, env })).out, /DENO_DIR|XDG_CACHE_HOME/);
});
