import assert from "node:assert/strict";
import { NAMES } from "../../../lib/settings/names.ts";
import { OLD_NAMES } from "../../../lib/settings/old_names.ts";
import { type ConfigFile, unknownName } from "../../../lib/settings/unknown_name.ts";

const FILES: readonly ConfigFile[] = ["fwknoprc", "access.conf", "fwknopd.conf"];
const namesOf = (file: ConfigFile) => NAMES[file].trim().split(/\s+/);

Deno.test("no variable of the 1.x daemon is one of ours in the same file", () => {
  for (const file of ["access.conf", "fwknopd.conf"] as const) {
    assert.deepEqual(namesOf(file).filter((name) => OLD_NAMES[file].has(name)), []);
  }
});

Deno.test("unknownName() shows every name of another file and says what was meant", () => {
  for (const here of FILES) {
    for (const there of FILES) {
      for (const name of namesOf(there).filter((one) => !namesOf(here).includes(one))) {
        const { shown, hint } = unknownName(name, here);
        assert.equal(shown, name, `${name} in ${here}`);
        assert.match(hint ?? "", / belongs in |^did you mean /, `${name} of ${there} in ${here}`);
      }
    }
  }
});

Deno.test("unknownName() names the file or the spelling that was meant", () => {
  const table: [string, ConfigFile, string][] = [
    ["OPEN_PORTS", "fwknoprc", "OPEN_PORTS belongs in access.conf of the server"],
    ["PCAP_INTF", "access.conf", "PCAP_INTF belongs in fwknopd.conf of the server"],
    ["SPA_SERVER", "access.conf", "SPA_SERVER belongs in .fwknoprc of the client"],
    ["ACCESS", "access.conf", "ACCESS belongs in .fwknoprc of the client"],
    ["KEY_BASE64", "fwknopd.conf", "KEY_BASE64 belongs in access.conf of the server"],
    ["CLIENT_TIMEOUT", "fwknoprc", "did you mean FW_TIMEOUT?"],
    ["open_ports", "access.conf", "did you mean OPEN_PORTS? names are written in capitals"],
    ["OPEN-PORTS", "access.conf", "did you mean OPEN_PORTS? names are written in capitals"],
    ["pcap_intf", "access.conf", "PCAP_INTF belongs in fwknopd.conf of the server"],
    ["OPEN_PORT", "access.conf", "did you mean OPEN_PORTS?"],
    ["%includ", "access.conf", "did you mean %include?"],
    ["OPEN_PORT", "fwknoprc", "OPEN_PORTS belongs in access.conf of the server, if that is meant"],
    ["--destination", "access.conf", "--destination is an option of the client, fwknop"],
    ["EMAIL_ADDRESSES", "fwknoprc", "EMAIL_ADDRESSES belongs in fwknopd.conf of the server"],
    ["AUTH_MODE", "fwknoprc", "it is a variable of the fwknop daemon 1.x: remove the line"],
  ];
  for (const [word, here, hint] of table) assert.deepEqual(unknownName(word, here), { shown: word, hint });
});

Deno.test("unknownName() shows what has the shape of a name, and nothing that may be a key", () => {
  for (const word of ["ENABLE_TELEPATHY", "PCAP_COLOUR", "GPG_MAGIC", "keytype"]) {
    assert.deepEqual(unknownName(word, "access.conf"), { shown: word, hint: undefined });
  }
  const keys = ["hunter2", "aGVsbG8=", "a/b+", "QWERTYUIOP", "MY_OLD_PASSWORD", "KEY_QWERTYUIOP", "ABCD1234EFGH5678"];
  for (
    const word of [...keys, "HMAC_KEY_BASE64=abc", "PCAP_A7B2C9", "Tr0ub4dor_3", "", "a b", "correct-horse-battery"]
  ) {
    assert.equal(unknownName(word, "fwknopd.conf").shown, null, word);
  }
});
