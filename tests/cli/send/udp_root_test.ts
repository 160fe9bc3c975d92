/** Sending by udp in a network of its own. */
import assert from "node:assert/strict";
import { makeSendNamespace, sendTest } from "./send_namespace.ts";

sendTest(
  "sendPacket() prefers IPv4 of a name, takes IPv6 when there is nothing else, and obeys -4 and -6",
  async () => {
    await using net = await makeSendNamespace();
    // A mount namespace of its own gives the name without touching the machine's /etc/hosts.
    const hosts = Deno.makeTempFileSync();
    Deno.writeTextFileSync(hosts, "2001:db8:1::2 both.test six.test\n198.51.100.2 both.test four.test\n");
    Deno.chmodSync(hosts, 0o644);
    const as = ["unshare", "-m", "sh", "-c", `mount --bind ${hosts} /etc/hosts && exec "$@"`, "sh"];
    const send = (host: string, family: 4 | 6 | null) => net.sendOurs({ proto: "udp", host, family }, as);
    assert.equal((await send("both.test", null)).remote, "198.51.100.2");
    assert.equal((await send("both.test", 6)).remote, "2001:db8:1::2");
    assert.equal((await send("six.test", null)).remote, "2001:db8:1::2");
    assert.match((await send("four.test", 6)).error!, /^error in getaddrinfo: /);
    Deno.removeSync(hosts);
  },
);
