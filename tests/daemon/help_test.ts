import assert from "node:assert/strict";
import { daemonHelp } from "../../daemon/help.ts";
import { main } from "../../daemon/main.ts";
import { DAEMON_OPTIONS, parseDaemonOptions } from "../../daemon/options.ts";
import type { Setting } from "../../lib/settings/setting.ts";

const ROWS: readonly Setting[] = Object.values(DAEMON_OPTIONS);

Deno.test("the short help of fwknopd and each of its topics fit a terminal of 80 by 24", () => {
  const short = daemonHelp(null);
  const [, words = ""] = /--help=WORD with ([^]*)$/.exec(short) ?? [];
  const topics = words.split(/,\s+/);
  assert.ok(topics.length > 5);
  for (const text of [short, ...topics.map((topic) => daemonHelp(topic))]) {
    const lines = text.split("\n");
    // The prompt of the shell takes the last line.
    assert.ok(lines.length <= 23, `${lines.length} lines: ${text.slice(0, 120)}`);
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
});

Deno.test("fwknopd --help=all has every option that is not hidden, and each is in a topic", () => {
  const text = daemonHelp("all");
  for (const { option, hidden } of ROWS) {
    if (hidden === true) continue;
    for (const name of [...option?.long ?? [], ...option?.exact ?? []]) {
      assert.ok(text.includes(`--${name}`), name);
      assert.ok(daemonHelp(name).includes(`--${name}`), name);
    }
  }
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("fwknopd --help takes a topic, an option or a variable, and refuses another word with what was meant", () => {
  assert.match(daemonHelp("capture"), /--pcap-filter/);
  assert.doesNotMatch(daemonHelp("capture"), /--access-file/);
  for (const name of ["--pcap-filter", "pcap-filter", "-i", "PCAP_INTF"]) {
    assert.equal(daemonHelp(name), daemonHelp("capture"), name);
  }
  assert.throws(() => daemonHelp("filez"), {
    message: /no topic "filez"/,
    hint: /did you mean files\? the topics are /,
  });
});

Deno.test("-h in a cluster is help, as in C, and --help=TOPIC is read by the table", async () => {
  const parsed = parseDaemonOptions(["-hv"]);
  assert.ok(parsed.ok);
  assert.equal(parsed.options.actions.help, "");
  const topic = parseDaemonOptions(["--help=files"]);
  assert.ok(topic.ok);
  assert.equal(topic.options.actions.help, "files");
  assert.equal(await main(["--help=no-such-topic"]), 1);
});
