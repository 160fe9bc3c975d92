/** The process that speaks to a mail server, against a real one: what goes in the clear, what over TLS, and to whom. */
import assert from "node:assert/strict";
import { type Lab, labTest, makeLab, OUR_DAEMON } from "../../lab/mod.ts";
import { MAIL_PROGRAMS, startMailServer } from "../../lab/mail_server.ts";
import type { SmtpRoute } from "../../../daemon/config/resolve_mail.ts";
import { SEND_MAIL } from "../../../daemon/report/mail_delivery.ts";

const NEEDS = { needs: { ...MAIL_PROGRAMS, openssl: "openssl" } };

/** The host trusts only the authority that is named. */
const TRUSTING = `
mount -t tmpfs none /etc/ssl/certs
cp "$1" /etc/ssl/certs/ca-certificates.crt
printf '%s mail.test\\n' "$2" > "$3/hosts"
mount --bind "$3/hosts" /etc/hosts
shift 3; exec "$@"`;

/** Makes an authority that answers for the names in the lab's server certificate. */
async function makeCertificate(lab: Lab, name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const cert = `${lab.dir}/${name}.pem`, key = `${lab.dir}/${name}.key`;
  await lab.must("server", [
    ..."openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test".split(" "),
    ...["-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", cert],
  ]);
  return { cert, key };
}

/** Sends one mail as the daemon would, on a host that trusts `authority`. */
async function send(lab: Lab, route: Partial<SmtpRoute>, authority: string) {
  const order = {
    route: { kind: "smtp", host: "mail.test", port: 25, tls: "auto", authFile: null, ...route },
    name: "gw.test",
    from: "fwknopd@gw.test",
    to: ["root@localhost"],
    message: "Subject: x\r\n\r\nfirst\r\n.\r\n..last\r\n",
  };
  const own = ["unshare", "--mount", "sh", "-ec", TRUSTING, "sh", authority, lab.address("server"), lab.dir];
  const argv = [...own, ...OUR_DAEMON.argv, SEND_MAIL];
  const { code, stderr } = await lab.run("server", argv, { stdin: JSON.stringify(order) });
  return code === 0 ? "sent" : stderr.trim();
}

async function writeAuth(lab: Lab, text: string, mode = 0o600): Promise<string> {
  const path = `${lab.dir}/auth`;
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
  return path;
}

labTest(
  "STARTTLS is used where it is offered, with a certificate that is good, and lines of the mail stay as they are",
  async () => {
    await using lab = await makeLab({ extra: [] });
    const { cert, key } = await makeCertificate(lab, "mail.test");
    const other = await makeCertificate(lab, "other.test");
    const server = await startMailServer(lab, ["--host", lab.address("server"), "--tls", cert, key]);
    assert.equal(await send(lab, {}, cert), "sent");
    const { text, tls } = await server.mail(0);
    assert.equal(tls, true);
    assert.match(text, /\r\nfirst\r\n\.\r\n\.\.last\r\n$/);
    assert.match(await send(lab, {}, other.cert), /certificate/i);
    assert.match(await send(lab, { host: lab.address("server") }, cert), /certificate|altnames|IP/i);
    assert.equal(server.taken().length, 1);
  },
);

labTest("a password goes over TLS only, and a server without it gets none", async () => {
  await using lab = await makeLab({ extra: [] });
  const { cert, key } = await makeCertificate(lab, "mail.test");
  const address = ["--host", lab.address("server")];
  const login = ["--login", "gw", "s3cret"];
  const secure = await startMailServer(lab, [
    ...address,
    "--port",
    "587",
    "--tls",
    cert,
    key,
    "--require-tls",
    ...login,
  ]);
  const plain = await startMailServer(lab, [...address, "--port", "25", ...login]);
  const authFile = await writeAuth(lab, "gw\ns3cret\n");
  assert.equal(await send(lab, { port: 587, authFile }, cert), "sent");
  assert.equal((await secure.mail(0)).user, "gw");
  assert.match(await send(lab, { port: 25, authFile }, cert), /STARTTLS|TLS/);
  assert.match(await send(lab, { port: 25, tls: "require" }, cert), /STARTTLS|TLS/);
  assert.match(await send(lab, { port: 587 }, cert), /530|[Aa]uthentication required/);
  const wrong = await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\nother-s3cret\n") }, cert);
  assert.match(wrong, /535|Authentication/);
  assert.doesNotMatch(wrong, /other-s3cret|b3RoZXItczNjcmV0/);
  assert.match(
    await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\nx\n", 0o644) }, cert),
    /^Cannot use EMAIL_AUTH_FILE: /,
  );
  assert.match(
    await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\n") }, cert),
    /expected a user name, and below it a password/,
  );
  assert.match(await send(lab, { port: 587, authFile: `${lab.dir}/none` }, cert), /^Cannot read EMAIL_AUTH_FILE /);
  assert.deepEqual([secure.taken().length, plain.taken().length], [1, 0]);
});

labTest("port 465 is TLS from the first byte on, and a server of this host is spoken to in the clear", async () => {
  await using lab = await makeLab({ extra: [] });
  const { cert, key } = await makeCertificate(lab, "mail.test");
  const implicit = await startMailServer(lab, [
    "--host",
    lab.address("server"),
    "--port",
    "465",
    "--implicit",
    cert,
    key,
  ]);
  assert.equal(await send(lab, { port: 465 }, cert), "sent");
  assert.equal((await implicit.mail(0)).tls, true);
  const own = await startMailServer(lab, ["--host", "::1", "--tls", cert, key]);
  assert.equal(await send(lab, { host: "::1" }, cert), "sent");
  assert.equal((await own.mail(0)).tls, false);
});

labTest("what a server refuses, and what leads nowhere, is said on one line", async () => {
  await using lab = await makeLab({ extra: [] });
  const { cert } = await makeCertificate(lab, "mail.test");
  const server = await startMailServer(lab, ["--host", lab.address("server"), "--refuse"]);
  assert.match(await send(lab, {}, cert), /^.*452 4\.3\.1 Insufficient system storage.*$/);
  assert.match(await send(lab, { host: "nobody.invalid" }, cert), /^Cannot resolve "nobody\.invalid": .*$/);
  assert.match(await send(lab, { port: 2525 }, cert), /^.*ECONNREFUSED.*$/);
  assert.match(await send(lab, { port: 26 }, cert), /without the right to reach it over the network/);
  assert.equal(server.taken().length, 0);
});
