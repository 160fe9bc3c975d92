import assert from "node:assert/strict";
import { ResolveError, resolveHost } from "../../../ffi/libc/resolver.ts";

Deno.test("resolveHost() takes what C programs take as an address", async () => {
  const any = { family: null, port: 9 };
  assert.deepEqual(await resolveHost("192.0.2.1", any), [{
    family: 4,
    bytes: new Uint8Array([192, 0, 2, 1]),
    scopeId: 0,
    port: 9,
    text: "192.0.2.1",
  }]);
  const only = async (host: string) => {
    const [found, ...more] = await resolveHost(host, any);
    return more.length === 0 ? found : undefined;
  };
  assert.equal((await only("127.1"))?.text, "127.0.0.1");
  assert.equal((await only("2001:DB8:0::1"))?.text, "2001:db8::1");
  assert.deepEqual([(await only("fe80::1%lo"))?.scopeId, (await only("fe80::1%lo"))?.text], [1, "fe80::1%lo"]);
  assert.equal((await only("fe80::1%1"))?.scopeId, 1);
  for (const text of ["1.2.3.4.5", "fe80::1%nosuchif", "::g"]) {
    await assert.rejects(resolveHost(text, any), ResolveError);
  }
  await assert.rejects(resolveHost("::1", { family: 4, port: 9 }), ResolveError);
});

Deno.test("resolveHost() gives each address once and the resolver's reason when there is none", async () => {
  const found = await resolveHost("localhost", { family: null, port: 7 });
  assert.ok(found.length >= 1);
  assert.equal(new Set(found.map(({ text }) => text)).size, found.length);
  assert.ok(found.every(({ port }) => port === 7));
  assert.equal((await resolveHost("localhost", { family: 4, port: 7 }))[0]?.text, "127.0.0.1");
  await assert.rejects(resolveHost("no-such-host.invalid", { family: 4, port: 7 }), (error) => {
    return error instanceof ResolveError && error.details.code! < 0 && error.reason !== "" &&
      error.details.hint !== undefined;
  });
});
