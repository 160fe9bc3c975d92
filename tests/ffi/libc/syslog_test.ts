import assert from "node:assert/strict";
import { FfiError } from "../../../ffi/errors.ts";
import { notifyServiceManager } from "../../../ffi/libc/notify.ts";
import { formatSyslogLine, Syslog } from "../../../ffi/libc/syslog.ts";
import { listenDatagrams } from "./datagram_listener.ts";

const FIFTH = new Date(2026, 10, 5, 3, 2, 9);

Deno.test("formatSyslogLine() writes what syslog(3) writes", () => {
  const who = { identity: "fwknopd", pid: 123, facility: 3 } as const;
  assert.equal(
    formatSyslogLine(who, { severity: 6, now: FIFTH, text: "Starting fwknopd" }),
    "<30>Nov  5 03:02:09 fwknopd[123]: Starting fwknopd",
  );
  const local3 = { ...who, facility: 19 };
  assert.equal(
    formatSyslogLine(local3, { severity: 6, now: new Date(2026, 0, 21, 23, 2, 2), text: "a\nb\x1b[2J" }),
    "<158>Jan 21 23:02:02 fwknopd[123]: a b [2J",
  );
});

Deno.test("Syslog reaches the logger, also the next one after a restart, and says when there is none", async () => {
  const dir = Deno.makeTempDirSync();
  const path = `${dir}/log`;
  using log = new Syslog({ identity: "t", facility: 3, pid: 1, now: () => FIFTH, path });
  assert.equal(log.send(6, "too early"), false);
  const first = await listenDatagrams(path);
  assert.equal(log.send(6, "one"), true);
  assert.equal(await first.next(), "<30>Nov  5 03:02:09 t[1]: one");
  await first.end();
  assert.equal(log.send(6, "nobody there"), false);
  const second = await listenDatagrams(path);
  assert.equal(log.send(3, "two"), true);
  assert.equal(await second.next(), "<27>Nov  5 03:02:09 t[1]: two");
  await second.end();
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("Syslog loses lines rather than time when the logger hangs", async () => {
  const dir = Deno.makeTempDirSync();
  const hung = await listenDatagrams(`${dir}/log`, { silent: true });
  using log = new Syslog({ identity: "t", facility: 3, pid: 1, now: () => FIFTH, path: `${dir}/log` });
  const taken = Array.from({ length: 2000 }, () => log.send(6, "x".repeat(500)));
  assert.equal(taken[0], true);
  assert.equal(taken.at(-1), false);
  await hung.end();
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("notifyServiceManager() speaks to paths and abstract names", async () => {
  const dir = Deno.makeTempDirSync();
  for (const path of [`${dir}/notify`, `@fwknop-test-${Deno.pid}`]) {
    const manager = await listenDatagrams(path);
    notifyServiceManager(path, ["READY=1", "STATUS=open"]);
    assert.equal(await manager.next(), "READY=1\nSTATUS=open");
    await manager.end();
  }
  assert.throws(
    () => notifyServiceManager(`${dir}/none`, ["READY=1"]),
    (e) => e instanceof FfiError && e.details.code === 2,
  );
  Deno.removeSync(dir, { recursive: true });
});
