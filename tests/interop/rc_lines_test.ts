/**
 * How `.fwknoprc` is written: each sentence of facts/client 3 and facts/client 4 about lines and sections, beside the C
 * client.
 */
import type { Outcome, Row } from "./row.ts";
import { tryRows } from "./row_beside_c.ts";
import { cClientTest } from "../lab/gate.ts";

const STANZA = "SPA_SERVER 127.0.0.1\nACCESS tcp/22\nALLOW_IP 192.0.2.10\nKEY old\nSPOOF_USER alice\n";
/** What stands before the lines of a row. The next line is number 8. */
const COMPLETE = `[default]\n\n[gw]\n${STANZA.slice(0, STANZA.indexOf("SPOOF"))}`;

/** An outcome, or only the key that the packet opens with. */
type Told = string | (Outcome & Pick<Row, "mended" | "c" | "own" | "wording">);

/** A whole rc file, read by both clients. */
function file(rc: string, told: Told, stanza: readonly string[] = ["-n", "gw"]): Row {
  const outcome: Omit<Row, "args"> = typeof told === "string" ? { opens: { key: told } } : told;
  const args = ["--rc-file", "{home}/rc", ...stanza, "-T", "-v", "--no-save-args"];
  return { ...outcome, on: "bare", files: { rc }, env: { LOGNAME: "alice" }, args };
}

/** Lines at the end of a section that is used. */
function lines(text: string, told: Told): Row {
  return file(`${COMPLETE}${text}\n`, told);
}

/** Refused by both with the line; the C client quotes it. */
function wrong(c: RegExp, own = /rc:8: /): Told {
  return { code: 1, says: c, own: { says: own } };
}

/** Refused by the C client alone. */
function better(c: RegExp, own: Outcome): Told {
  return { mended: "decision", c: { code: 1, says: c }, own };
}

const NO_VALUE = wrong(/^\*Invalid entry in '/, /rc:8: Invalid entry in the stanza: /);
const unknown = (name: string) =>
  wrong(new RegExp(`Parameter error in \\S+, line 8: var=${name}, val=`), /rc:8: .*unknown directive/);
/** Ours says what it left out. */
const cut = (key: string): Told => ({ opens: { key }, says: /^$/, own: { says: /rc:8: KEY: the value ends at/ } });
const x = (count: number) => "x".repeat(count);

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "a name and a value stand apart by blanks, the name may end with a colon": [
    ...["KEY new", "KEY\tnew", "KEY  \t new", "  KEY new", "\tKEY new", "KEY\vnew", "KEY\fnew"],
    ...["KEY: new", "KEY:  new", "KEY:junk new"],
  ].map((text) => lines(text, "new")),
  "the name ends at its last colon, and a colon needs a blank after it": [
    lines("KEY:: new", unknown("KEY:")),
    lines("KEY:a:b new", unknown("KEY:a")),
    lines(":KEY new", wrong(/line 8: var=, val=new/, /rc:8: .*unknown directive/)),
    lines("KEY:new", NO_VALUE),
    lines("KEY : new", cut(":")),
  ],
  "a value ends at the first blank, ; or #": [
    lines("KEY new # comment", cut("new")),
    lines("KEY new ; comment", cut("new")),
    lines("KEY new;", "new"),
    lines("KEY new; comment", cut("new")),
    lines("KEY new \t ", "new"),
    lines("KEY new#key", cut("new")),
    lines("KEY new;key", cut("new")),
    lines("KEY new key", cut("new")),
    lines("KEY new\tkey", cut("new")),
    lines('KEY "new key"', cut('"new')),
    lines("KEY 'new'", "'new'"),
    lines("KEY new\\", "new\\"),
    lines("KEY =new", "=new"),
    lines("KEY schlüssel", "schlüssel"),
  ],
  "a name without a value is refused": ["KEY", "KEY ", "KEY:", "KEY: ", "KEY ;new", "KEY #new", "KEY\r", "KEY \r"]
    .map((text) => lines(text, NO_VALUE)),
  "NAME=VALUE is refused, NAME = VALUE too": [
    lines("KEY=new", NO_VALUE),
    lines("KEY= new", unknown("KEY=")),
    lines("KEY = new", {
      mended: "decision",
      c: { opens: { key: "=" } },
      own: { code: 1, says: /rc:8: .*\n.*hint: write a blank between the two, not "="/ },
    }),
  ],
  "an unknown name is refused, and names are in capitals": [
    lines("BOGUS x", unknown("BOGUS")),
    lines("key new", unknown("key")),
    lines("Key new", unknown("Key")),
    lines("CLIENT_TIMEOUT 5", unknown("CLIENT_TIMEOUT")),
    lines("%include x", unknown("%include")),
    lines("\uFEFFKEY new", wrong(/line 8: /)),
    lines("FW_TIMEOUT 70000", wrong(/line 8: var=FW_TIMEOUT, val=70000/, /rc:8: FW_TIMEOUT: /)),
    file("[default]\nBOGUS x\n[gw]\n", wrong(/, line 2: var=BOGUS/, /rc:2: /)),
    file(`[default]\n\n# c\n\n[gw]\n\n${STANZA}ACCESS\n`, wrong(/^\*Invalid entry in 'ACCESS/, /rc:12: /)),
  ],
  "blank lines and comments at the beginning of a line are passed over": [
    ...["# comment", "; comment", "#", ";", "#KEY new", ";KEY new", "", "\r", "\n\n\r\n", "#\r", "\0KEY new"],
  ].map((text) => lines(text, "old")),
  "indented comments and lines of blanks stop the C client in a section that is used, ours nowhere": [
    lines(" # comment", better(/line 8: var=#, val=comment/, { opens: { key: "old" } })),
    lines("\t; comment", better(/line 8: var=;, val=comment/, { opens: { key: "old" } })),
    lines(" #", better(/^\*Invalid entry in ' #/, { opens: { key: "old" } })),
    lines(" ", better(/^\*Invalid entry in ' /, { opens: { key: "old" } })),
    lines("\t", better(/^\*Invalid entry in '\t/, { opens: { key: "old" } })),
    file(`[other]\n # c\n \n\t\n${COMPLETE}\n[last]\n # c\n \n`, "old"),
    file(` # c\n \n${COMPLETE}`, "old"),
  ],
  "lines of other sections, and before the first one, are not looked at": [
    file(`BOGUS x\nKEY\n${COMPLETE}[other]\nBOGUS x\nKEY\n[x\n=\n`, "old"),
    lines("[other]\nKEY new\nBOGUS x\n[gw]\nFW_TIMEOUT 5", { opens: { key: "old" }, shows: { "Client Timeout": "5" } }),
  ],
  "CR LF ends lines as LF does, and the last line needs neither": [
    file(`${COMPLETE}KEY new\r\n`.replaceAll(/\r?\n/g, "\r\n"), "new"),
    file(`${COMPLETE}KEY new`, "new"),
    file(`${COMPLETE}KEY new\r`, "new"),
    file(`${COMPLETE}KEY`, wrong(/^\*Invalid entry in '/, /rc:8: Invalid entry/)),
    file(`${COMPLETE}KEY new\n[other]`, "new"),
    file(`${COMPLETE}# comment`, "old"),
    file(`${STANZA}`, wrong(/\[gw\] was not found/, /\[gw\] was not found/)),
    file("", wrong(/\[gw\] was not found/, /\[gw\] was not found/)),
  ],
  "the C client takes a line over 1023 bytes apart; ours reads it whole": [
    lines(`#${x(1022)}`, "old"),
    lines(`ACCESS tcp/22 #${x(1008)}`, "old"),
    lines(`#${x(1022)}KEY new`, { mended: "decision", c: { opens: { key: "new" } }, own: { opens: { key: "old" } } }),
    lines(`#${x(1023)}`, better(/^\*Invalid entry in 'x/, { opens: { key: "old" } })),
    lines(`#${x(1023)} new`, better(/line 9: var=x, val=new/, { opens: { key: "old" } })),
    lines(`HTTP_USER_AGENT ${x(1007)}\nSPA_SERVER_PROTO udp`, "old"),
    lines(`HTTP_USER_AGENT ${x(1008)}`, better(/^\*Invalid entry in 'x/, { opens: { key: "old" } })),
  ],
  "[name] begins a section wherever it is indented, and what follows the bracket is ignored": [
    ...["[gw]", "  [gw]", "\t[gw]", "[gw] trailing text", "[gw]#c", "[gw]]", "[gw]x]", "[gw]\r"],
    ...["[GW]", "[Gw]"],
  ].map((header) => lines(`[other]\nKEY bad\n${header}\nKEY new`, "new")),
  "a section's name is all between the brackets, and letter case is not looked at": [
    ...["[ gw ]", "[gw ]", "[]", "[gw2]", "[g]"].map((header) => lines(`${header}\nKEY new`, "old")),
    file(`[default]\n[A b]\n${STANZA}`, "old", ["-n", "a B"]),
    file(`[default]\n[]\n[gw]\n${STANZA}`, "old", ["-n", "GW"]),
    file(`\uFEFF[gw]\n${STANZA}`, {
      mended: "decision",
      c: { code: 1, says: /\[gw\] was not found/ },
      own: { opens: { key: "old" } },
    }),
    lines("[gw2\nKEY new", wrong(/^\*Invalid entry in '\[gw2/, /rc:8: a section header has no closing bracket/)),
  ],
  "sections of one name add up in the order of the file": [
    file(`[gw]\n${STANZA}[other]\nKEY x\n[GW]\nKEY two\n[gw]\nKEY three\n`, "three"),
    file(`[DEFAULT]\n${STANZA}[gw]\n[Default]\nKEY new\n`, "new"),
    file(`[gw]\nKEY new\n[default]\n${STANZA}`, "new"),
  ],
  "the named stanza overrides [default], and only the last -n counts": [
    file(`[default]\n${STANZA}[gw]\nKEY new\n`, "new"),
    file(`[default]\n${STANZA}[gw]\nKEY new\n[other]\nKEY other\n`, "new", ["-n", "other", "-n", "gw"]),
    file(`[default]\n${STANZA}[gw]\nKEY new\n`, "old", []),
  ],
  "-n default is legal, an unknown name is not": [
    file(`[default]\n${STANZA}`, "old", ["-n", "default"]),
    file(`[default]\n${STANZA}`, "old", ["-n", "DEFAULT"]),
    file(`[gw]\n${STANZA}`, wrong(/Named configuration stanza: \[nope\] was not found/, /\[nope\] was not found/), [
      "-n",
      "nope",
    ]),
  ],
  "a NUL in a value stops ours; the C client cuts the value there": [
    lines("KEY new\0key", { mended: "decision", c: { opens: { key: "new" } }, own: { code: 1, says: /rc:8: .* NUL/ } }),
  ],
};

for (const [sentence, rows] of Object.entries(TABLE)) {
  cClientTest(`.fwknoprc: ${sentence}`, () => tryRows(rows));
}
