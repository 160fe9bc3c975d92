/** The process that speaks to a mail server, against a real one: what goes in the clear, what over TLS, and to whom. */
import assert from "node:assert/strict";
import { type Lab, labTest, makeLab, OUR_DAEMON } from "../../lab/mod.ts";
import { MAIL_PROGRAMS, startMailServer } from "../../lab/mail_server.ts";
import type { SmtpRoute } from "../../../daemon/config/resolve_mail.ts";
import { SEND_MAIL } from "../../../daemon/report/mail_process.ts";

const NEEDS = { needs: { ...MAIL_PROGRAMS, openssl: "openssl" } };

/** The host trusts only the authority that is named. */
const TRUSTING = `
mount -t tmpfs none /etc/ssl/certs
cp "$1" /etc/ssl/certs/ca-certificates.crt
printf '%s mail.test\\n' "$2" > "$3/hosts"
mount --bind "$3/hosts" /etc/hosts
shift 3; exec "$@"`;

const NEW_KEY = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");

/** A certificate for the name, and the authority that signed it. */
async function makeCertificate(lab: Lab, name: string) {
  const [cert, key, authority, secret] = ["pem", "key", "ca.pem", "ca.key"].map((end) => `${lab.dir}/${name}.${end}`);
  await lab.must("server", [...NEW_KEY, "-subj", `/CN=authority of ${name}`, "-keyout", secret!, "-out", authority!]);
  const signed = ["-CA", authority!, "-CAkey", secret!, "-addext", "basicConstraints=critical,CA:FALSE"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  await lab.must("server", [...NEW_KEY, ...signed, ...names, "-keyout", key!, "-out", cert!]);
  return { cert: cert!, key: key!, authority: authority! };
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
    const { cert, key, authority } = await makeCertificate(lab, "mail.test");
    const other = await makeCertificate(lab, "other.test");
    const server = await startMailServer(lab, ["--host", lab.address("server"), "--tls", cert, key]);
    assert.equal(await send(lab, {}, authority), "sent");
    const { text, tls } = await server.mail(0);
    assert.equal(tls, true);
    assert.match(text, /\r\nfirst\r\n\.\r\n\.\.last\r\n$/);
    assert.match(await send(lab, {}, other.authority), /certificate/i);
    assert.match(await send(lab, { host: lab.address("server") }, authority), /certificate|altnames|IP/i);
    assert.equal(server.taken().length, 1);
  },
  NEEDS,
);

labTest("a password goes over TLS only, and a server without it gets none", async () => {
  await using lab = await makeLab({ extra: [] });
  const { cert, key, authority } = await makeCertificate(lab, "mail.test");
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
  assert.equal(await send(lab, { port: 587, authFile }, authority), "sent");
  assert.equal((await secure.mail(0)).user, "gw");
  assert.match(await send(lab, { port: 25, authFile }, authority), /STARTTLS|TLS/);
  assert.match(await send(lab, { port: 25, tls: "require" }, authority), /STARTTLS|TLS/);
  assert.match(await send(lab, { port: 587 }, authority), /530|[Aa]uthentication required/);
  const wrong = await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\nother-s3cret\n") }, authority);
  assert.match(wrong, /535|Authentication/);
  assert.doesNotMatch(wrong, /other-s3cret|b3RoZXItczNjcmV0/);
  assert.match(
    await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\nx\n", 0o644) }, authority),
    /^Cannot use EMAIL_AUTH_FILE: /,
  );
  assert.match(
    await send(lab, { port: 587, authFile: await writeAuth(lab, "gw\n") }, authority),
    /expected a user name, and below it a password/,
  );
  assert.match(await send(lab, { port: 587, authFile: `${lab.dir}/none` }, authority), /^Cannot read EMAIL_AUTH_FILE /);
  assert.deepEqual([secure.taken().length, plain.taken().length], [1, 0]);
}, NEEDS);

labTest("port 465 is TLS from the first byte on, and a server of this host is spoken to in the clear", async () => {
  await using lab = await makeLab({ extra: [] });
  const { cert, key, authority } = await makeCertificate(lab, "mail.test");
  const implicit = await startMailServer(lab, [
    "--host",
    lab.address("server"),
    "--port",
    "465",
    "--implicit",
    cert,
    key,
  ]);
  assert.equal(await send(lab, { port: 465 }, authority), "sent");
  assert.equal((await implicit.mail(0)).tls, true);
  const own = await startMailServer(lab, ["--host", "::1", "--tls", cert, key]);
  assert.equal(await send(lab, { host: "::1" }, authority), "sent");
  assert.equal((await own.mail(0)).tls, false);
}, NEEDS);

labTest("what a server refuses, and what leads nowhere, is said on one line", async () => {
  await using lab = await makeLab({ extra: [] });
  const { authority } = await makeCertificate(lab, "mail.test");
  const server = await startMailServer(lab, ["--host", lab.address("server"), "--refuse"]);
  assert.match(await send(lab, {}, authority), /^.*452 4\.3\.1 Insufficient system storage.*$/);
  assert.match(await send(lab, { host: "nobody.invalid" }, authority), /^Cannot resolve "nobody\.invalid": .*$/);
  assert.match(await send(lab, { port: 2525 }, authority), /^.*ECONNREFUSED.*$/);
  assert.match(
    await send(lab, { port: 26 }, authority),
    /^Cannot connect to 10\.77\.0\.1:26: this program may speak to the ports of mail servers only$/,
  );
  assert.equal(server.taken().length, 0);
}, NEEDS);
