import assert from "node:assert/strict";
import type { MailConfig } from "../../../daemon/config/resolve_mail.ts";
import { EVENT_KINDS } from "../../../daemon/report/mail_events.ts";
import { createMailer, type Letter } from "../../../daemon/report/mailer.ts";

const CONFIG: MailConfig = {
  to: ["root@localhost"],
  from: null,
  host: null,
  events: EVENT_KINDS,
  interval: 60,
  limit: 3,
  route: { kind: "sendmail", exe: "/usr/sbin/sendmail" },
};

/** A mailer, a clock, what was delivered, and the answers that are still to be given. */
function play(config: MailConfig | null = CONFIG) {
  const sent: Letter[] = [], said: string[] = [];
  const answers: ((reason: string | null) => void)[] = [];
  const scene = { now: 0, wakes: 0 };
  const mailer = createMailer({
    deliver(letter, stop) {
      sent.push(letter);
      return new Promise((resolve) => {
        answers.push(resolve);
        stop.addEventListener("abort", () => resolve("the daemon ends"));
      });
    },
    clock: () => scene.now,
    steady: () => scene.now,
    wake: () => void scene.wakes++,
    endMs: 5,
  });
  mailer.use(config);
  const log = (level: string, text: string) => void said.push(`${level} ${text}`);
  return {
    scene,
    mailer,
    sent,
    said,
    log,
    happen: (what: string) => mailer.notify("grants", () => what),
    /** Answers the mail that is under way, and lets that be heard. */
    async answer(reason: string | null) {
      const before = scene.wakes;
      answers.shift()!(reason);
      while (scene.wakes === before) await Promise.resolve();
    },
    /** Goes to the time at which a mail is due, and begins it. */
    send() {
      scene.now = mailer.dueAt!;
      mailer.send(log);
    },
  };
}

Deno.test("createMailer() collects for a while from the first event on, and sends one mail", () => {
  const { happen, mailer, scene, send, sent } = play();
  assert.equal(mailer.dueAt, null);
  scene.now = 1000;
  happen("one");
  scene.now = 5000;
  happen("two");
  assert.equal(mailer.dueAt, 61_000);
  send();
  assert.deepEqual(sent.map(({ collection }) => collection.grants.count), [2]);
  happen("three");
  assert.equal(mailer.dueAt, null, "one at a time");
});

Deno.test("createMailer() sends so many mails in an hour, and what comes then waits", async () => {
  const { answer, happen, mailer, scene, send, sent } = play();
  for (let i = 0; i < 3; i++) {
    happen("x");
    send();
    await answer(null);
  }
  assert.equal(scene.now, 180_000);
  for (let i = 0; i < 1000; i++) happen("y");
  assert.equal(mailer.dueAt, 60_000 + 3_600_000);
  send();
  assert.equal(sent.length, 4);
  assert.equal(sent[3]!.collection.grants.count, 1000);
});

Deno.test("createMailer() keeps what could not be sent for the next mail, which tells of it, and logs it once", async () => {
  const { answer, happen, mailer, said, scene, send, sent } = play();
  happen("one");
  for (const pause of [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
    send();
    await answer("connect ECONNREFUSED");
    assert.equal(mailer.dueAt, scene.now + pause);
  }
  happen("two");
  send();
  const last = sent.at(-1)!;
  assert.deepEqual(last.collection.grants.told.map(({ text }) => text), ["one", "two"]);
  assert.deepEqual(last.failed, { count: 6, reason: "connect ECONNREFUSED" });
  await answer(null);
  assert.deepEqual(said.filter((line) => !line.startsWith("debug")), [
    "error Cannot send mail, trying again: connect ECONNREFUSED",
    "info Mail is sent again, after 6 attempts that failed",
  ]);
});

Deno.test("createMailer() makes no words and sends nothing where nobody wants to know", () => {
  const { mailer, happen } = play(null);
  mailer.notify("grants", () => assert.fail("nobody reads it"));
  assert.equal(mailer.dueAt, null);
  mailer.use({ ...CONFIG, events: ["errors"] });
  mailer.notify("grants", () => assert.fail("nobody reads it"));
  assert.equal(mailer.dueAt, null);
  mailer.use(CONFIG);
  happen("x");
  mailer.use(null);
  mailer.use(CONFIG);
  assert.equal(mailer.dueAt, null, "what was collected for others is gone");
});

Deno.test("createMailer() tries at once again where the configuration has changed, and goes by it", async () => {
  const { answer, happen, mailer, send, sent } = play();
  happen("x");
  send();
  await answer("no such program");
  const mended = { ...CONFIG, route: { kind: "sendmail", exe: "/usr/bin/msmtp" } } as const;
  mailer.use(mended);
  send();
  assert.deepEqual(sent.map(({ config: { route } }) => route), [CONFIG.route, mended.route]);
});

Deno.test("createMailer() sends what is left at the end, and gives up where that takes too long", async () => {
  const good = play();
  good.happen("last");
  const end = good.mailer.end(good.log);
  await Promise.resolve();
  await good.answer(null);
  await end;
  assert.deepEqual(good.sent.map(({ collection }) => collection.grants.count), [1]);
  assert.ok(!good.said.some((line) => line.startsWith("warning")), good.said.join("\n"));

  const silent = play();
  silent.happen("last");
  await silent.mailer.end(silent.log);
  assert.deepEqual(silent.said, ["warning 1 event is in no mail, because none could be sent before the end"]);

  const busy = play();
  busy.happen("first");
  busy.send();
  busy.happen("last");
  await busy.mailer.end(busy.log);
  assert.equal(busy.sent.length, 1);
  assert.deepEqual(busy.said, ["warning 2 events are in no mail, because none could be sent before the end"]);
});
