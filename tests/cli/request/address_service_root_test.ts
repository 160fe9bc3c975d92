/** The services that -R asks by default, played by servers in a network namespace that has their names. */
import assert from "node:assert/strict";
import { type Lab, labTest, makeLab, OUR_CLIENT } from "../../lab/mod.ts";

const SERVER = new URL("./public_ip_server.ts", import.meta.url).pathname;

/** Nothing listens on the first of these; the others are services. */
const HOSTS = [
  "127.0.1.1 www.cipherdyne.org",
  "127.0.1.2 api64.ipify.org",
  "127.0.1.3 icanhazip.com",
  "10.77.0.1 both.test four.test",
  "fd77::1 both.test six.test",
  // There is no route to the IPv4 address.
  "192.0.2.1 six.test",
];
const GOOD = ["127.0.1.4 ifconfig.co", "::1 ifconfig.co"];

/** A certificate for all names of the loopback, which is its own authority, and its key. */
async function certificate(lab: Lab): Promise<{ cert: string; key: string }> {
  const [cert, key] = [`${lab.dir}/cert.pem`, `${lab.dir}/key.pem`];
  const names = "subjectAltName=DNS:www.cipherdyne.org,DNS:icanhazip.com,DNS:ifconfig.co";
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  await lab.must("knocker", ["openssl", "req", "-x509", ...made, "-out", `${lab.dir}/ca.pem`, "-subj", "/CN=CA"]);
  const leaf = ["-addext", names, "-addext", "basicConstraints=critical,CA:FALSE", "-CA", `${lab.dir}/ca.pem`];
  await lab.must("knocker", [
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${lab.dir}/leaf.key`, "-out", cert, "-subj", "/CN=services", ...leaf, "-CAkey", key],
  ]);
  return { cert: Deno.readTextFileSync(cert), key: Deno.readTextFileSync(`${lab.dir}/leaf.key`) };
}

/** A rehearsal of the knocker, and the address in its packet. */
async function resolve(lab: Lab, hosts: readonly string[], args: readonly string[]) {
  const file = `${lab.dir}/hosts`;
  Deno.writeTextFileSync(file, `${hosts.join("\n")}\n`);
  const mounted = ["unshare", "-m", "sh", "-c", `mount --bind ${file} /etc/hosts && exec "$@"`, "sh"];
  const alone = ["--no-rc-file", "--no-save-args", "-T", "-v", "-A", "tcp/22", "--key-rijndael", "k"];
  // The lab's own surroundings, so that no proxy and no name server of the machine has a say.
  const clear = ["env", "-u", "https_proxy", "-u", "http_proxy", "-u", "HTTPS_PROXY", "-u", "HTTP_PROXY"];
  const argv = [...mounted, ...clear, ...OUR_CLIENT.argv, ...alone, ...args];
  const run = await lab.run("knocker", argv, { env: { SSL_CERT_FILE: `${lab.dir}/ca.pem` } });
  return {
    ...run,
    address: /Message String: (.*),tcp\/22/.exec(run.stdout)?.[1] ?? null,
    via: /\(via '(.*)'\)/.exec(run.stdout)?.[1] ?? null,
  };
}

labTest("-R asks one service after the other over the family that reaches the server", async (t) => {
  await using lab = await makeLab({ extra: [], guard: "none" });
  const tls = await certificate(lab);
  const services = [
    { hostname: "127.0.1.2", port: 443, tls, answer: "203.0.113.2" },
    { hostname: "127.0.1.3", port: 443, tls, answer: "203.0.113.3", status: 503 },
    { hostname: "127.0.1.4", port: 443, tls, answer: "203.0.113.4\n" },
    { hostname: "::1", port: 443, tls, answer: "2001:db8::4\n" },
    { hostname: "127.0.1.2", port: 80, answer: "203.0.113.80" },
  ];
  const server = lab.spawn("knocker", [Deno.execPath(), "run", "--allow-net", SERVER, JSON.stringify(services)]);
  await server.waitFor(/ready/);
  const cases: readonly (readonly [args: string[], address: string])[] = [
    [["-D", "both.test"], "203.0.113.4"],
    [["-D", "both.test", "-6"], "2001:db8::4"],
    [["-D", "six.test"], "2001:db8::4"],
    [["-D", "six.test", "-4"], "203.0.113.4"],
    [["-D", "six.test", "--server-resolve-ipv4"], "203.0.113.4"],
    [["-D", "six.test", "-P", "icmp", "-Q", "203.0.113.9"], "203.0.113.4"],
    [["-D", "both.test", "-P", "icmp", "-Q", "2001:db8::9"], "2001:db8::4"],
    [["-D", "fd77::1"], "2001:db8::4"],
  ];
  for (const [args, address] of cases) {
    await t.step(`${args.join(" ")}: ${address}`, async () => {
      const run = await resolve(lab, [...HOSTS, ...GOOD], ["-R", ...args]);
      assert.equal(run.address, address, run.stderr);
      assert.equal(run.via, "https://ifconfig.co/ip");
    });
  }
  await t.step("the cause of each is told when nobody answers", async () => {
    const { code, stderr } = await resolve(lab, [...HOSTS, "127.0.1.1 ifconfig.co"], ["-R", "-D", "four.test"]);
    assert.equal(code, 1);
    const causes = /resolve IP via: (.*)/.exec(stderr)?.[1]?.split(/; (?=https:)/) ?? [];
    const refused = /^https:\/\/www\.cipherdyne\.org\/cgi-bin\/myip, https:\/\/ifconfig\.co\/ip: .*Connection refused$/;
    assert.match(causes[0]!, refused);
    assert.match(causes[1]!, /^https:\/\/api64\.ipify\.org\/: .*certificate not valid for name "api64\.ipify\.org"/);
    assert.match(causes[2]!, /^https:\/\/icanhazip\.com\/: it answered with status 503$/);
    assert.equal(causes.length, 3);
    assert.match(stderr, /hint: name the address with -a, or another service with --resolve-url \(asked over IPv4/);
  });
  await t.step("--resolve-http-only asks services over plain HTTP", async () => {
    const hosts = ["127.0.1.1 www.cipherdyne.org", "127.0.1.2 www.cipherdyne.com", ...HOSTS.slice(3)];
    const run = await resolve(lab, hosts, ["--resolve-http-only", "-D", "four.test"]);
    assert.deepEqual([run.address, run.via], ["203.0.113.80", "http://www.cipherdyne.com/cgi-bin/myip"], run.stderr);
  });
}, { needs: { openssl: "openssl" } });

labTest("a name after -a is looked up: IPv4 unless -6 was asked for, whatever is in the name", async () => {
  await using lab = await makeLab({ extra: [], guard: "none" });
  const cases: readonly (readonly [args: string[], address: string | null])[] = [
    [["-a", "both.test"], "10.77.0.1"],
    [["-a", "both.test", "-4"], "10.77.0.1"],
    [["-a", "both.test", "-6"], "fd77::1"],
    [["-a", "four.test"], "10.77.0.1"],
    [["-a", "four.test", "-6"], null],
    [["-a", "nobody.test"], null],
  ];
  for (const [args, address] of cases) {
    const run = await resolve(lab, HOSTS, args);
    assert.equal(run.address, address, `${args.join(" ")}: ${run.stderr}`);
    if (address === null) assert.match(run.stderr, /Invalid allow IP specified for SPA access: .*".*\.test"/);
  }
});
