import assert from "node:assert/strict";
import { good, STANZA, wrong } from "./in_memory.ts";

const FILE = "/etc/fwknop/fingerprints.conf";
const LINUX = "Linux 6.x: ttl=64 window=* options=*\n";
const asking = (pattern: string) => `${STANZA}REQUIRE_OS ${pattern}\n`;

Deno.test("the signature file is read where a stanza asks for a system, and not otherwise", () => {
  assert.equal(good("").config.signatures, null);
  assert.equal(good("", STANZA, { files: { [FILE]: "nonsense" } }).config.signatures, null);
  assert.deepEqual(good("", asking("linux"), { files: { [FILE]: LINUX } }).config.signatures?.map(({ name }) => name), [
    "Linux 6.x",
  ]);
  const elsewhere = good("FINGERPRINT_FILE /srv/f", asking("linux"), { files: { "/srv/f": LINUX } });
  assert.equal(elsewhere.config.signatures?.length, 1);
  assert.deepEqual(good("", asking("6.x"), { files: { [FILE]: LINUX } }).stanzas.map((one) => one.requireSystem), [
    /6.x/i,
  ]);
});

Deno.test("a signature file that is missing, or is none, is told with its place and the remedy", () => {
  assert.deepEqual(wrong("", asking("linux")), [
    `/a:5: Could not open fingerprint file: ${FILE}: No such file or directory (it was not found) (make install puts one ` +
    "there; FINGERPRINT_FILE of fwknopd.conf names another)",
  ]);
  const [line, ...more] = wrong("", asking("linux"), { files: { [FILE]: `${LINUX}Windows: ttl=1\n` } });
  assert.equal(line, `${FILE}:2: ttl: expected 32, 64, 128, 255`);
  assert.deepEqual(more, []);
});

Deno.test("an expression that no system fits is refused, with the names that there are", () => {
  assert.deepEqual(wrong("", asking("linus"), { files: { [FILE]: LINUX } }), [
    `/a:5: REQUIRE_OS: no system of ${FILE} has a name with /linus/i (there is Linux 6.x)`,
  ]);
  assert.match(wrong("", asking("x"), { files: { [FILE]: "" } }).join(), /\(add its signature there\)$/);
  const lenient = good("STRICT N", asking("linus"), { files: { [FILE]: LINUX } });
  assert.match(lenient.warnings.join("\n"), /STRICT is N: the stanza opens nothing/);
});

Deno.test("no system is asked for where packets come from a capture file", () => {
  const [line = ""] = wrong("PCAP_FILE /x", asking("linux"), { files: { [FILE]: LINUX } });
  assert.match(line, /^\/a:5: REQUIRE_OS: no TCP SYN is looked at where packets are read from a capture file \(remove/);
});

Deno.test("a bad expression is refused with its place, and the last of two counts with a warning", () => {
  assert.match(
    wrong("", asking("(a+)+"), { files: { [FILE]: LINUX } }).join(),
    /^\/a:5: REQUIRE_OS: expected a regular/,
  );
  assert.match(
    wrong("", asking("linux; 6"), { files: { [FILE]: LINUX } }).join(),
    /^\/a:5: REQUIRE_OS: the value ends at/,
  );
  const both = good("", `${asking("linux")}REQUIRE_OS_REGEX ^Linux\n`, { files: { [FILE]: LINUX } });
  assert.match(both.warnings.join("\n"), /\/a:6: REQUIRE_OS_REGEX replaces REQUIRE_OS of \/a:5/);
  assert.equal(both.stanzas[0]?.requireSystem?.source, "^Linux");
});
