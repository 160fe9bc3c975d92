/** The signature file, read where a stanza asks for a system, and whether any system could be what it asks for. */
import type { Problem } from "../../lib/settings/setting.ts";
import { parseSignatures, type Signature } from "../fingerprint/signatures.ts";
import type { ConfigFiles, Report } from "./files.ts";
import { readConfigFile } from "./read.ts";
import type { ServerConfig } from "./resolve_server.ts";
import type { ResolvedStanza } from "./resolve_stanza.ts";

/** The signatures that SYNs are compared with; null where no stanza asks. What is wrong goes to the report. */
export function wantedSignatures(
  access: readonly ResolvedStanza[],
  { capture, paths }: Pick<ServerConfig, "capture" | "paths">,
  { files, report }: { readonly files: ConfigFiles; readonly report: Report },
): readonly Signature[] | null {
  const asking = access.filter(({ stanza }) => stanza.requireSystem !== null);
  const [first] = asking;
  if (first === undefined) return null;
  if (capture.file !== null) report.problems.push(noSyns(first));
  const path = paths.fingerprintFile;
  const text = readConfigFile({ path, what: "fingerprint file", origin: originOf(first) }, files, report);
  if (text === null) return [];
  const { signatures, problems } = parseSignatures(text, path);
  report.problems.push(...problems);
  if (problems.length === 0) report.problems.push(...asking.flatMap((one) => fitsNothing(one, signatures, path)));
  return signatures;
}

function originOf({ origins, stanza }: ResolvedStanza): Problem["origin"] {
  return origins.requireSystem ?? stanza.origin;
}

function noSyns(one: ResolvedStanza): Problem {
  const message = "REQUIRE_OS: no TCP SYN is looked at where packets are read from a capture file";
  return { origin: originOf(one), message, hint: "remove the line, or PCAP_FILE and --pcap-file" };
}

/** An expression that no name contains refuses every packet. */
function fitsNothing(one: ResolvedStanza, signatures: readonly Signature[], path: string): readonly Problem[] {
  const names = [...new Set(signatures.map(({ name }) => name))];
  const pattern = one.stanza.requireSystem;
  if (pattern === null || names.some((name) => pattern.test(name))) return [];
  const message = `REQUIRE_OS: no system of ${path} has a name with ${pattern}`;
  const hint = names.length === 0 ? "add its signature there" : `there is ${names.join(", ")}`;
  return [{ origin: originOf(one), message, hint, lenient: "the stanza opens nothing" }];
}
