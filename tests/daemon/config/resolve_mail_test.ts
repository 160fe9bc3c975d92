import assert from "node:assert/strict";
import { formatMail } from "../../../daemon/report/mail_text.ts";
import { NOTHING } from "../../../daemon/report/mail_events.ts";
import { isOwnServer, mailWords } from "../../../daemon/config/resolve_mail.ts";
import { good, wrong } from "./in_memory.ts";

const TO = "EMAIL_ADDRESSES root@localhost\n";

Deno.test("mailConfig() is null without EMAIL_ADDRESSES, and reads the lines of fwknop 1.x", () => {
  assert.equal(good("").config.mail, null);
  const old =
    "EMAIL_ADDRESSES             root@localhost, ops@example.org  a.b+c@example.org;\nHOSTNAME  _CHANGEME_;\n";
  const { config: { mail }, warnings } = good(old);
  assert.deepEqual(warnings, []);
  assert.deepEqual(mail, {
    to: ["root@localhost", "ops@example.org", "a.b+c@example.org"],
    from: null,
    host: null,
    events: ["grants", "refusals", "replays", "errors"],
    interval: 60,
    limit: 20,
    route: { kind: "sendmail", exe: "/usr/sbin/sendmail" },
  });
  assert.equal(
    mailWords(mail),
    "mail to root@localhost, ops@example.org, a.b+c@example.org by /usr/sbin/sendmail: grants, refusals, replays, errors; " +
      "one for 60 seconds, at most 20 an hour",
  );
});

Deno.test("mailConfig() has the mail server and how to speak to it", () => {
  const server = (lines: string) => good(TO + lines).config.mail?.route;
  const route = { kind: "smtp", host: "mail.example.org", port: 25, tls: "auto", authFile: null };
  assert.deepEqual(server("EMAIL_SERVER mail.example.org\n"), route);
  assert.deepEqual(server("EMAIL_SERVER mail.example.org:465\nEMAIL_TLS require\nEMAIL_AUTH_FILE auth\n"), {
    ...route,
    port: 465,
    tls: "require",
    authFile: "/start/auth",
  });
  assert.deepEqual(server("EMAIL_SERVER [::1]:2525\n"), { ...route, host: "::1", port: 2525 });
});

Deno.test("mail addresses, servers and events that cannot be are refused, each with its line", () => {
  const table: [string, RegExp][] = [
    ["EMAIL_ADDRESSES |/bin/sh\n", /EMAIL_ADDRESSES: number 1 of them is no mail address/],
    ["EMAIL_ADDRESSES a@b, -oQ/tmp\n", /EMAIL_ADDRESSES: number 2 of them/],
    ["EMAIL_ADDRESSES a@b,,c@d\n", /EMAIL_ADDRESSES: number 2 of them/],
    ["EMAIL_ADDRESSES /etc/passwd\n", /EMAIL_ADDRESSES: number 1 of them/],
    ["EMAIL_ADDRESSES a@b<c>\n", /EMAIL_ADDRESSES: number 1 of them/],
    [`EMAIL_ADDRESSES ${Array.from({ length: 21 }, (_, i) => `a${i}@b`).join(",")}\n`, /expected at most 20 addresses/],
    [`${TO}HOSTNAME a b\n`, /HOSTNAME: expected the name of a host/],
    [`${TO}HOSTNAME a..b\n`, /HOSTNAME: expected the name of a host/],
    [`${TO}HOSTNAME a.b.\n`, /HOSTNAME: expected the name of a host/],
    [`${TO}EMAIL_FROM a b@c\n`, /EMAIL_FROM: expected a mail address/],
    [`${TO}EMAIL_SERVER mail:26\n`, /EMAIL_SERVER: expected one of the ports 25, 465, 587, 2525.*SENDMAIL_EXE/],
    [`${TO}EMAIL_SERVER [2001:db8::1]\n`, /EMAIL_SERVER: .*over IPv6 only \[::1\] is possible/],
    [`${TO}EMAIL_SERVER 999.1.2.3\n`, /EMAIL_SERVER: expected the name of a host, or an IPv4 address/],
    [`${TO}EMAIL_SERVER a/b\n`, /EMAIL_SERVER: expected the name of a host/],
    [`${TO}EMAIL_EVENTS grants,openings\n`, /EMAIL_EVENTS: expected some of grants, refusals, replays, errors/],
    [`${TO}EMAIL_TLS maybe\n`, /EMAIL_TLS: expected one of auto, require, off/],
    [`${TO}EMAIL_INTERVAL 0\n`, /EMAIL_INTERVAL/],
    [`${TO}EMAIL_AUTH_FILE /f\n`, /EMAIL_AUTH_FILE: there is no server to log in to/],
    [
      `${TO}EMAIL_SERVER mail\nEMAIL_TLS off\nEMAIL_AUTH_FILE /f\n`,
      /EMAIL_TLS: with off the password .* would be readable/,
    ],
    ["ALERTING_METHODS noemail;\n", /ALERTING_METHODS: is of fwknop 1\.x/],
  ];
  for (const [text, message] of table) {
    const problems = wrong(text);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0]!, message);
    assert.match(problems[0]!, /^\/c:[0-9]+: /);
  }
});

Deno.test("a file whose lines about mail say nothing is warned of", () => {
  assert.deepEqual(good("EMAIL_SERVER mail\nHOSTNAME gw;\nALERTING_METHODS ALL;\n").warnings, [
    "/c:3: ALERTING_METHODS is of fwknop 1.x and has no effect",
    "/c:1: no mail is sent without EMAIL_ADDRESSES",
  ]);
});

Deno.test("isOwnServer() knows this host, and nobody else", () => {
  for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"]) {
    assert.ok(isOwnServer({ host }), host);
  }
  for (const host of ["localhost.example.org", "10.0.0.1", "127.example.org", "mail"]) {
    assert.ok(!isOwnServer({ host }), host);
  }
});

Deno.test("addresses that are taken make no header of their own", () => {
  const { mail } = good("EMAIL_ADDRESSES a%b=c@d.example,x~y@z\n").config;
  const message = formatMail(NOTHING, { host: "h", from: "f", to: mail!.to, now: 0, unique: "u", failed: null });
  assert.match(message, /^To: a%b=c@d\.example,\r\n x~y@z\r$/m);
});
