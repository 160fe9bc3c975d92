import assert from "node:assert/strict";
import fc from "fast-check";
import { natAllow, natEnd, parseSnatAddresses, snatAddress } from "../../../daemon/config/nat_kinds.ts";
import type { Kind } from "../../../lib/settings/setting.ts";

/** What a kind reads, as it would be written; or the fault and the remedy. */
function read<Value>(kind: Kind<Value>, text: string): string {
  const value = kind.parse(text);
  if (value.ok) return kind.format(value.value);
  return `${value.fault} (${kind.remedy?.(text) ?? "-"})`;
}

Deno.test("FORCE_NAT is an address of either IP version and a port", () => {
  assert.equal(read(natEnd, "10.0.0.5 22"), "10.0.0.5 22");
  assert.equal(read(natEnd, "10.0.0.5\t  0022"), "10.0.0.5 22");
  assert.equal(read(natEnd, "[FD00::5] 22"), "fd00::5 22");
  assert.equal(read(natEnd, "fd00::5 0"), "fd00::5 0");
  const need = "invalid FORCE_NAT arg: need <IP> <PORT>";
  assert.equal(read(natEnd, "10.0.0.5"), `${need} (-)`);
  assert.equal(read(natEnd, "10.0.0.5:22"), `${need} (write a blank between address and port: 10.0.0.5 22)`);
  assert.equal(read(natEnd, "[fd00::5]:22"), `${need} (write a blank between address and port: [fd00::5] 22)`);
  assert.equal(read(natEnd, "10.0.0.5 22 tcp"), `${need} (-)`);
  assert.match(read(natEnd, "10.0.0 22"), /^invalid FORCE_NAT IP: .* \(-\)$/);
  assert.match(
    read(natEnd, "web.inner 22"),
    /^invalid FORCE_NAT IP: .* \(names are not looked up: write the address\)$/,
  );
  for (const port of ["65536", "-1", "22x", "x", "000000"]) {
    assert.match(read(natEnd, `10.0.0.5 ${port}`), /^invalid FORCE_NAT port: /);
  }
});

Deno.test("FORCE_SNAT is an address", () => {
  assert.equal(read(snatAddress, "10.0.0.1"), "10.0.0.1");
  assert.equal(read(snatAddress, "[fd00::1]"), "fd00::1");
  assert.match(read(snatAddress, "eth1"), /^invalid FORCE_SNAT IP: /);
});

Deno.test("SNAT_TRANSLATE_IP is an address, or one of each IP version", () => {
  const texts = (text: string) => parseSnatAddresses(text)?.map((ip) => ip.text) ?? null;
  assert.deepEqual(texts("192.0.2.1"), ["192.0.2.1"]);
  assert.deepEqual(texts("fd00::1 , 192.0.2.1"), ["fd00::1", "192.0.2.1"]);
  for (const text of ["192.0.2.1,192.0.2.2", "__CHANGEME__", "", "192.0.2.1,", "192.0.2"]) {
    assert.equal(texts(text), null);
  }
});

Deno.test("NAT_ALLOW lists hosts and networks of both IP versions, each with ports or with all of them", () => {
  const rows = [
    ["10.0.0.5", "10.0.0.5"],
    ["10.0.0.5:22", "10.0.0.5:22"],
    ["10.0.0.5:22,443, 8000-8010 ,10.1.0.0/16", "10.0.0.5:22,443,8000-8010, 10.1.0.0/16"],
    ["10.0.0.0/255.255.255.0:22", "10.0.0.0/255.255.255.0:22"],
    ["fd00::5", "[fd00::5]"],
    ["fd00::/64, [fd00::5]:22", "[fd00::/64], [fd00::5]:22"],
    ["[fd00::/64]:22-23", "[fd00::/64]:22-23"],
    ["[fd00::]/64:22", "[fd00::/64]:22"],
    ["any:22,ANY", "any:22, ANY"],
  ] as const;
  for (const [text, formatted] of rows) {
    assert.equal(read(natAllow, text), formatted);
    assert.equal(read(natAllow, formatted), formatted, "what is written can be read");
  }
});

Deno.test("NAT_ALLOW says which item it cannot read", () => {
  const host = (item: string) =>
    `"${item}" is no host or network: expected one such as 10.0.0.5, 10.0.0.0/24 or [2001:db8::5]`;
  const ports = (item: string) => `"${item}" has no ports after the colon: expected 22 or 8000-8010`;
  const names = "names are not looked up: write the address";
  assert.equal(read(natAllow, "web.inner:22"), `${host("web.inner:22")} (${names})`);
  assert.equal(read(natAllow, "10.0.0.5, 22"), `${host("22")} (-)`);
  assert.equal(read(natAllow, "10.0.0.5:22,"), `${host("")} (-)`);
  assert.equal(read(natAllow, ""), `${host("")} (-)`);
  assert.equal(read(natAllow, "10.0.0.0/33"), `${host("10.0.0.0/33")} (-)`);
  for (const bad of ["", "0", "22-", "23-22", "65536", "22-x", "ssh"]) {
    assert.ok(read(natAllow, `10.0.0.5:${bad}`).startsWith(ports(`10.0.0.5:${bad}`)), bad);
  }
  const brackets = "write IPv6 with ports in brackets, such as [2001:db8::5]:22";
  assert.equal(read(natAllow, "fd00::5:22222"), `${host("fd00::5:22222")} (${brackets})`);
  for (const bad of ["[10.0.0.5", "[]", "[]:22", "[fd00::5]22"]) {
    assert.ok(read(natAllow, bad).startsWith(host(bad)), bad);
  }
});

Deno.test("no text breaks the NAT kinds", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."0129.:,-/[] fFaANY") }), (text) => {
    for (const kind of [natEnd, snatAddress, natAllow] as readonly Kind<unknown>[]) {
      const parsed = kind.parse(text);
      if (!parsed.ok) kind.remedy?.(text);
      else assert.deepEqual(kind.parse(kind.format(parsed.value)), { ok: true, value: parsed.value });
    }
  }));
});
