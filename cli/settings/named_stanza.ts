/** Options that name a stanza without -n: `--doctor NAME`, `--ssh-config NAME`, and `--proxy HOST PORT` by its host. Pure. */
import { DEFAULT_STANZA, type FileStanza } from "../../lib/settings/rc_file.ts";
import { stripBrackets } from "../../lib/net/host_name.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import type { Given } from "../../lib/settings/setting.ts";
import type { RcFile } from "../rc/rc_file.ts";

/** The arguments with -n where another option implies it. A -n that was given counts. */
export function withImpliedStanza(args: Arguments, rc: RcFile | null): Arguments {
  if (args.given.some(({ key }) => key === "namedConfig")) return args;
  const named = args.given.map((said) => impliedBy(said, args, rc)).find((name) => name !== null);
  if (named === undefined || named === null) return args;
  const given = { key: "namedConfig", text: named, name: "-n", origin: { option: "-n" } };
  return { ...args, given: [...args.given, given] };
}

function impliedBy(said: Given, args: Arguments, rc: RcFile | null): string | null {
  if (said.key === "sshConfig") return said.text;
  if (said.key === "doctor") return args.words[0] ?? null;
  if (said.key !== "proxy" || rc === null) return null;
  return stanzaOfHost(rc.file.stanzas, stripBrackets(args.rest?.[0] ?? ""));
}

/** The stanza of that name, else the first whose `SPA_SERVER` is the host; letter case does not count. Null when none is. */
export function stanzaOfHost(stanzas: readonly FileStanza[], host: string): string | null {
  const wanted = host.toLowerCase();
  const others = stanzas.filter(({ name }) => name.toLowerCase() !== DEFAULT_STANZA);
  const serves = ({ entries }: FileStanza) =>
    entries.some(({ name, value }) => name === "SPA_SERVER" && stripBrackets(value).toLowerCase() === wanted);
  const found = others.find(({ name }) => name.toLowerCase() === wanted) ?? others.find(serves);
  return found?.name ?? null;
}
