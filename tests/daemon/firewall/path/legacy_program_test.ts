import assert from "node:assert/strict";
import { legacyReader } from "../../../../daemon/firewall/path/legacy_program.ts";

const SAVED = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";

/** A reader on a host with these files under /proc/net and these programs. */
function reader(files: Readonly<Record<string, string>>, programs: Readonly<Record<string, string>>) {
  const said: string[] = [];
  const ran: string[] = [];
  const read = legacyReader({
    readNet: (name) => files[name] ?? null,
    log: (_level, line) => void said.push(String(line)),
    run: (program) => {
      ran.push(program);
      const stdout = programs[program];
      if (stdout === undefined) return Promise.reject(new Deno.errors.NotFound("no such program"));
      return Promise.resolve({ code: 0, stdout, stderr: "", timedOut: false, truncated: false, pid: 7 });
    },
  });
  return { read, said, ran };
}

Deno.test("no program is run where the kernel has no tables of iptables-legacy", async () => {
  const { read, ran } = reader({ ip6_tables_names: "\n" }, {});
  assert.equal((await read()).size, 0);
  assert.deepEqual(ran, []);
});

Deno.test("the tables of each family are read, by the folder that has the program", async () => {
  const { read } = reader({ ip_tables_names: "filter\n", ip6_tables_names: "filter\n" }, {
    "/sbin/iptables-legacy-save": SAVED,
    "/usr/sbin/ip6tables-legacy-save": SAVED,
  });
  assert.deepEqual([...(await read()).keys()], ["ip filter", "ip6 filter"]);
});

Deno.test("without the program it is said once, and nothing fails", async () => {
  const { read, said } = reader({ ip_tables_names: "filter\n" }, {});
  assert.equal((await read()).size, 0);
  assert.equal((await read()).size, 0);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /iptables-legacy-save does not tell them/);
});
