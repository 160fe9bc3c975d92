import assert from "node:assert/strict";
import {
  type ControlWorld,
  flushRules,
  listAllRules,
  listRules,
  sendRestart,
  showStatus,
  stopDaemon,
} from "../../daemon/control.ts";
import { FirewallError, IncompleteListing } from "../../daemon/firewall/firewall.ts";
import { recordingFirewall } from "../../daemon/firewall/recording.ts";
import { runningDaemon } from "../../daemon/service/pid_file.ts";
import { address } from "../contract/addresses.ts";
import { inFolder, lockedBy, neverKill, otherDaemon, PYTHON_LOCK, world } from "./service/other_daemon.ts";

/** A packet filter in which one service is open, and what is said. */
async function scene() {
  const firewall = recordingFirewall({ now: () => 0 });
  await firewall.prepare();
  const source = address("192.0.2.7");
  const access = { slot: "input", source, destination: null, service: { proto: "tcp", port: 22 } } as const;
  await firewall.grant([{ access, expiresAt: 60 }], [], 0);
  const folder = await Deno.makeTempDir();
  const said: string[] = [];
  const world = {
    kill: () => assert.fail("no signal is sent"),
    print: (line: string) => void said.push(`out: ${line}`),
    complain: (line: string) => void said.push(`err: ${line}`),
    pause: () => assert.fail("nothing is waited for"),
  };
  return {
    ...{ firewall, access, said, world },
    pidPath: `${folder}/fwknopd.pid`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** No other packet filter holds anything. */
const ALONE = { leftovers: () => Promise.resolve([]) };

Deno.test("--fw-list prints what the packet filter describes, --fw-list-all all of it", async () => {
  await using here = await scene();
  const asked: boolean[] = [];
  const firewall = { ...here.firewall, describe: (all: boolean) => Promise.resolve((asked.push(all), "a\nb\n\n")) };
  assert.equal(await listRules({ firewall, ...ALONE }, here.world), 0);
  assert.equal(await listAllRules(firewall, here.world), 0);
  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(here.said, ["out: a\nb", "out: a\nb"]);
});

Deno.test("--fw-list and --fw-flush see to the other packet filters that hold something of ours", async () => {
  await using here = await scene();
  const gone: string[] = [];
  const other = (owner: string) => ({
    owner,
    describe: () => Promise.resolve(`${owner}: a\n`),
    cleanup: () => Promise.resolve(void gone.push(owner)),
  });
  const firewall = { ...here.firewall, describe: () => Promise.resolve("mine\n") };
  const filters = { firewall, leftovers: () => Promise.resolve([other("iptables-nft"), other("iptables-legacy")]) };
  assert.equal(await listRules(filters, here.world), 0);
  assert.match(
    here.said.join("\n"),
    /^out: mine\nout: \n.* iptables-nft .*:\n\nout: iptables-nft: a\nout: \n.* iptables-legacy /,
  );
  assert.deepEqual(gone, []);
  assert.equal(await flushRules(filters, here.pidPath, here.world), 0);
  assert.deepEqual(gone, ["iptables-nft", "iptables-legacy"]);
  assert.equal(here.firewall.admits(here.access), false);
});

Deno.test("--fw-list prints what it can have of a listing, and fails with what it cannot", async () => {
  await using here = await scene();
  const failure = new IncompleteListing("some of it\n", new FirewallError("the rest cannot be had", "look"));
  const firewall = { ...here.firewall, describe: () => Promise.reject(failure) };
  await assert.rejects(
    listRules({ firewall, leftovers: () => Promise.resolve([]) }, here.world),
    /the rest cannot be had/,
  );
  assert.deepEqual(here.said, ["out: some of it"]);
});

Deno.test("--fw-list and --fw-flush do what they can of the other packet filters, and then fail", async () => {
  await using here = await scene();
  const gone: string[] = [];
  const firewall = {
    describe: () => Promise.reject(new FirewallError("cannot list", "look")),
    cleanup: () => Promise.reject(new FirewallError("cannot flush", "look")),
  };
  const other = {
    owner: "iptables-legacy",
    describe: () => Promise.resolve("a\n"),
    cleanup: () => Promise.resolve(void gone.push("iptables-legacy")),
  };
  const filters = { firewall, leftovers: () => Promise.resolve([other]) };
  await assert.rejects(listRules(filters, here.world), /cannot list/);
  assert.equal(here.said.at(-1), "out: a");
  await assert.rejects(listAllRules(firewall, here.world), /cannot list/);
  await assert.rejects(flushRules(filters, here.pidPath, here.world), /cannot flush/);
  assert.deepEqual(gone, ["iptables-legacy"]);
});

Deno.test("--fw-flush takes everything of ours away", async () => {
  await using here = await scene();
  assert.equal(await flushRules({ ...here, ...ALONE }, here.pidPath, here.world), 0);
  assert.equal(here.firewall.admits(here.access), false);
  assert.deepEqual(here.said, ["out: Deleting any existing firewall rules..."]);
});

Deno.test("--fw-flush says that a daemon which runs puts it back", async () => {
  await using here = await scene();
  // A lock of our own would not keep us out.
  const other = await otherDaemon(here.pidPath);
  try {
    assert.equal(await flushRules({ ...here, ...ALONE }, here.pidPath, here.world), 1);
    assert.equal(here.firewall.admits(here.access), false);
    assert.deepEqual(here.said, [
      "out: Deleting any existing firewall rules...",
      `err: fwknopd: error: fwknopd (pid ${other.pid}) is running and puts back the doors that are open`,
      "err: fwknopd: hint: stop it first: fwknopd -K",
    ]);
  } finally {
    await other.stop();
  }
});

Deno.test("-S, -R and -K believe the lock, not the number in the file", async () => {
  await inFolder(async (path) => {
    const none = world(neverKill);
    assert.equal(runningDaemon(path), null, "no file");
    Deno.writeTextFileSync(path, `${Deno.pid}\n`);
    assert.equal(showStatus(path, none), 1);
    assert.equal(sendRestart(path, none), 1);
    assert.equal(await stopDaemon(path, none), 1);
    assert.deepEqual(none.out, ["No running fwknopd detected.", "No running fwknopd detected."]);
    assert.deepEqual(none.err, ["No running fwknopd detected."]);
    assert.equal(Deno.readTextFileSync(path), `${Deno.pid}\n`, "asking changes nothing");
  });
});

Deno.test("-S, -R and -K find the daemon that runs and speak to it alone", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    try {
      assert.equal(daemon.said, "claimed");
      const sent: [number, string][] = [];
      const seen = world((pid, signal) => {
        sent.push([pid, signal]);
        if (signal === "terminate") Deno.kill(pid, "SIGTERM");
        return true;
      });
      assert.equal(showStatus(path, seen), 0);
      assert.equal(sendRestart(path, seen), 0);
      assert.equal(await stopDaemon(path, seen), 0);
      assert.deepEqual(sent, [[daemon.pid, "hangup"], [daemon.pid, "terminate"], [daemon.pid, "continue"]]);
      assert.deepEqual(seen.out, [
        `Detected fwknopd is running (pid=${daemon.pid}).`,
        `Sent restart signal to fwknopd (pid=${daemon.pid})`,
        `Killed fwknopd (pid=${daemon.pid}) via SIGTERM`,
      ]);
    } finally {
      await daemon.stop().catch(() => {});
    }
  });
});

Deno.test("-K gives a daemon that waits for a slow packet filter the time to close its doors", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    try {
      const sent: [string, number][] = [];
      let waited = 0;
      const said = world((_pid, signal) => {
        sent.push([signal, waited]);
        if (signal === "kill") Deno.kill(daemon.pid, "SIGKILL");
        return true;
      });
      const slow: ControlWorld = {
        ...said,
        pause: async (ms) => {
          waited += ms;
          if (sent.some(([signal]) => signal === "kill")) await new Promise((done) => setTimeout(done, 5));
        },
      };
      assert.equal(await stopDaemon(path, slow), 0);
      assert.deepEqual(sent.map(([signal]) => signal), ["terminate", "continue", "kill"]);
      assert.ok(sent[2]![1] >= 20_000);
      assert.deepEqual(said.err, [
        "fwknopd: warning: doors that it had open may still be",
        "fwknopd: hint: close them with: fwknopd --fw-flush",
      ]);
    } finally {
      await daemon.stop().catch(() => {});
    }
  });
});

Deno.test("-K fails where the daemon that ended says that it could not close its doors", async () => {
  await inFolder(async (path) => {
    const daemon = await otherDaemon(path);
    const said = world((pid, signal) => {
      if (signal === "terminate") {
        // As a daemon does before it lets the lock go.
        Deno.writeTextFileSync(path, `${pid}\ndoors may be open\n`);
        Deno.kill(pid, "SIGTERM");
      }
      return true;
    });
    assert.equal(await stopDaemon(path, said), 1);
    assert.deepEqual(said.out, [`Killed fwknopd (pid=${daemon.pid}) via SIGTERM`]);
    assert.deepEqual(said.err, [
      `fwknopd: error: fwknopd (pid ${daemon.pid}) could not close its doors, see its log`,
      "fwknopd: hint: close them with: fwknopd --fw-flush",
    ]);
  });
});

Deno.test("-S, -R and -K say what to do when the run directory is gone", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/gone/fwknopd.pid`;
  const none = world(neverKill);
  assert.equal(showStatus(path, none), 1);
  assert.equal(sendRestart(path, none), 1);
  assert.equal(await stopDaemon(path, none), 1);
  assert.deepEqual(none.out, ["No running fwknopd detected.", "No running fwknopd detected."]);
  assert.equal(none.err.filter((line) => /hint: .*\/gone does not exist; .*pgrep -a fwknopd/.test(line)).length, 3);
  Deno.removeSync(folder);
});

Deno.test("-K and -R signal nobody by a link, or a file with a second name, in the place of the PID file", async () => {
  await inFolder(async (path) => {
    const other = `${path}.other`;
    Deno.writeTextFileSync(other, "1\n", { mode: 0o600 });
    await using _holder = await lockedBy(["python3", "-c", PYTHON_LOCK, other]);
    for (const put of [() => Deno.symlinkSync(other, path), () => Deno.linkSync(other, path)]) {
      put();
      assert.throws(() => showStatus(path, world(neverKill)), /symbolic link|2 names/);
      assert.throws(() => sendRestart(path, world(neverKill)), /symbolic link|2 names/);
      await assert.rejects(() => stopDaemon(path, world(neverKill)), /symbolic link|2 names/);
      Deno.removeSync(path);
    }
  });
});
