import assert from "node:assert/strict";
import type { ClientKey, ClientSettings } from "../../../cli/options/table.ts";
import { completeSettings } from "../../../cli/settings/implied.ts";
import { parseIp } from "../../../lib/net/address.ts";
import type { Given } from "../../../lib/settings/setting.ts";

const LOOPBACK = parseIp("127.0.0.1");
const ADDRESS = { kind: "address", ip: LOOPBACK.ok ? LOOPBACK.value : assert.fail() } as const;

/** Only what is looked at here; all the rest of the settings goes through untouched. */
const NOTHING: Partial<ClientSettings> = {
  ...{ sourceIp: false, resolveIp: false, useHmac: false, useGpg: false, serverResolveIpv4: false, timeOffset: 0 },
  ...{ ipv6: false, both: false, serverProto: "udp" },
};

/** A value that is only looked for, never at. */
const SOME = "some" as never;

/** Completes these settings; `options` stood on the command line, in this order. */
function complete(settings: Partial<ClientSettings>, options: readonly ClientKey[] = []): ClientSettings {
  const given = options.map((key) => ({ key, text: null, origin: { option: `--${key}` } }) as unknown as Given);
  return completeSettings({ ...NOTHING, ...settings } as ClientSettings, given);
}

Deno.test("completeSettings(): the source of the packet, then an address, then a request to find out", () => {
  const allowed = (settings: Partial<ClientSettings>, options: readonly ClientKey[] = []) => {
    const { allowIp, resolveIp } = complete(settings, options);
    return [allowIp?.kind ?? null, resolveIp];
  };
  assert.deepEqual(allowed({}), [null, false]);
  assert.deepEqual(allowed({ sourceIp: true, allowIp: ADDRESS }), ["source", false]);
  assert.deepEqual(allowed({ allowIp: ADDRESS, resolveIp: true }), ["address", false]);
  assert.deepEqual(allowed({ allowIp: { kind: "resolve" } }), [null, true]);
  assert.deepEqual(allowed({ resolveIp: true }), [null, true]);
  assert.deepEqual(allowed({}, ["resolveHttpOnly"]), [null, true]);
});

Deno.test("completeSettings(): a key for the HMAC, or an option about it, asks for one", () => {
  for (const key of ["hmacKey", "hmacKeyBase64", "hmacKeyFile", "hmacKeyCmd"] as const) {
    assert.equal(complete({ [key]: "x" }).useHmac, true, key);
  }
  assert.equal(complete({}, ["hmacDigestType"]).useHmac, true);
  assert.equal(complete({}).useHmac, false);
  assert.equal(complete({}, ["gpgSigner"]).useGpg, true);
  assert.equal(complete({ gpgSigner: "in a stanza" }).useGpg, false);
});

Deno.test("completeSettings(): a proxy decides the protocol, unless -P stands after -H", () => {
  const proto = (settings: Partial<ClientSettings>, options: readonly ClientKey[] = []) =>
    complete({ serverProto: "icmp", ...settings }, options).serverProto;
  assert.equal(proto({}), "icmp");
  assert.equal(proto({ httpProxy: SOME }), "http");
  assert.equal(proto({ socks5: SOME }), "tcp");
  assert.equal(proto({ httpProxy: SOME }, ["httpProxy", "serverProto"]), "icmp");
  assert.equal(proto({ httpProxy: SOME }, ["serverProto", "httpProxy"]), "http");
});

Deno.test("completeSettings(): minus beats plus, -6 beats a directive for IPv4, brackets go", () => {
  assert.equal(complete({ timeOffsetPlus: 60, timeOffsetMinus: 5 }).timeOffset, -5);
  assert.equal(complete({ timeOffsetPlus: 60 }).timeOffset, 60);
  assert.equal(complete({ timeOffset: 7 }).timeOffset, 7);
  assert.equal(complete({ serverResolveIpv4: true }).serverResolveIpv4, true);
  assert.equal(complete({ serverResolveIpv4: true, ipv6: true }).serverResolveIpv4, false);
  assert.equal(complete({ serverResolveIpv4: true, both: true }, ["serverResolveIpv4"]).serverResolveIpv4, true);
  assert.equal(complete({ server: "[2001:db8::1]" }).server, "2001:db8::1");
});
