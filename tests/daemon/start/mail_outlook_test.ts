import assert from "node:assert/strict";
import type { MailConfig, MailRoute } from "../../../daemon/config/resolve_mail.ts";
import { mailDoubts } from "../../../daemon/start/mail_outlook.ts";
import { EVENT_KINDS } from "../../../daemon/report/mail_events.ts";
import { temporaryFolder } from "../../cli/harness.ts";

function config(route: MailRoute): MailConfig {
  return { to: ["root@localhost"], from: null, host: null, events: EVENT_KINDS, interval: 60, limit: 20, route };
}

Deno.test("mailDoubts() looks for the program that is to take mails", () => {
  const route = { kind: "sendmail", exe: "/usr/sbin/sendmail" } as const;
  assert.deepEqual(mailDoubts(null, { isProgram: () => false }), []);
  assert.deepEqual(mailDoubts(config(route), { isProgram: () => true }), []);
  assert.deepEqual(mailDoubts(config(route), { isProgram: () => false }), [
    "EMAIL_ADDRESSES: there is no /usr/sbin/sendmail to send mail with: install one (msmtp-mta), or write EMAIL_SERVER",
  ]);
});

Deno.test("mailDoubts() reads the file of the password, and repeats nothing of it", () => {
  using folder = temporaryFolder();
  const authFile = `${folder.path}/auth`;
  const doubts = () => mailDoubts(config({ kind: "smtp", host: "mail", port: 25, tls: "auto", authFile }));
  assert.match(doubts()[0] ?? "", /^EMAIL_AUTH_FILE: cannot read .*auth: /);
  Deno.writeTextFileSync(authFile, "gw\ns3cret\n", { mode: 0o600 });
  assert.deepEqual(doubts(), []);
  Deno.chmodSync(authFile, 0o644);
  assert.match(doubts().join("\n"), /^EMAIL_AUTH_FILE is refused: .*auth/);
  assert.doesNotMatch(doubts().join("\n"), /s3cret/);
});
