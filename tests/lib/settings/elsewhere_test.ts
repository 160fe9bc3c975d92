import assert from "node:assert/strict";
import { elsewhere, type Place } from "../../../lib/settings/elsewhere.ts";

Deno.test("elsewhere() says where a name belongs that is unknown here, and nothing of one that is known nowhere", () => {
  const table: [string, Place, string | undefined][] = [
    ["--fw-list", "fwknop", "--fw-list is an option of the daemon, fwknopd"],
    ["-i", "fwknop", "-i (--interface) is an option of the daemon, fwknopd"],
    ["--wait", "fwknopd", "--wait is an option of the client, fwknop"],
    ["OPEN_PORTS", "fwknoprc", "OPEN_PORTS belongs in access.conf of the server"],
    ["pcap_intf", "fwknoprc", "PCAP_INTF belongs in fwknopd.conf of the server"],
    ["ACCESS", "access.conf", "ACCESS belongs in .fwknoprc of the client"],
    ["SOURCE", "fwknopd.conf", "SOURCE belongs in access.conf of the server"],
    ["KEY_BASE64", "fwknopd.conf", "KEY_BASE64 belongs in access.conf of the server"],
    ["NO_SUCH_NAME", "fwknoprc", undefined],
    ["", "fwknop", undefined],
  ];
  for (const [name, here, expected] of table) assert.equal(elsewhere(name, here), expected, name);
});
