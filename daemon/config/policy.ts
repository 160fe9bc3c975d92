/**
 * What the stanzas let in, in plain words: for `--exit-parse-config -v`, and for whoever wants to know what a file means
 * before it is in force. Pure; no key is in any line.
 */
import { isUnspecified, type NatEnd } from "../grants/nat_policy.ts";
import { formatService, type Service } from "../../lib/net/service.ts";
import { formatOrigin } from "../../lib/settings/setting.ts";
import type { CommandPolicy } from "../command/policy.ts";
import type { GpgPolicy } from "../gpg/policy.ts";
import { natAllow } from "./nat_kinds.ts";
import { mailWords } from "./resolve_mail.ts";
import type { ServerConfig } from "./resolve_server.ts";
import { hmacOf, rijndaelOf, type Stanza } from "./stanza.ts";
import { widenings } from "./wider.ts";

/** One line for each stanza, below it one for each thing that lets in more than its author may think, and at the end who gets mail. */
export function policyLines(
  stanzas: readonly Stanza[],
  config: Pick<ServerConfig, "firewall" | "mail">,
): readonly string[] {
  const lines = stanzas.flatMap((stanza) => [
    `${stanzaName(stanza)}: ${policyOf(stanza, config)}`,
    ...widenings(stanza, { stanzas, config }).map((line) => `  wider than it may look: ${line}`),
  ]);
  return config.mail === null ? lines : [...lines, mailWords(config.mail)];
}

/** `alice (stanza #1, access.conf:3)`. */
function stanzaName({ number, origin, requireUsername }: Stanza): string {
  const place = `#${number}, ${formatOrigin(origin)}`;
  return requireUsername === null ? `stanza ${place}` : `${requireUsername} (stanza ${place})`;
}

function policyOf(stanza: Stanza, config: Pick<ServerConfig, "firewall">): string {
  const parts = [
    `${fromWords(stanza)}, ${doorWords(stanza)}`,
    `commands ${commandWords(stanza.commands)}`,
    `NAT ${stanza.cycle === null ? natWords(stanza, config) : "no"}`,
    keyWords(stanza),
    ...systemWords(stanza),
  ];
  if (stanza.expiresAt !== null) parts.push(`ends at ${momentOf(stanza.expiresAt)}`);
  return parts.join("; ");
}

function systemWords({ requireSystem }: Stanza): readonly string[] {
  return requireSystem === null ? [] : [`only where a TCP SYN looks like ${requireSystem} (a hint, no proof)`];
}

function fromWords({ source, destination }: Stanza): string {
  const to = destination === null || destination.any ? "" : ` to ${destination.text}`;
  return `from ${source.any ? "anywhere" : source.text}${to}`;
}

function doorWords(stanza: Stanza): string {
  const { cycle, timeout, maxTimeout } = stanza;
  if (cycle === null) return `${portWords(stanza)}${guardWords(stanza)} for ${timeout} s, at most ${maxTimeout} s`;
  const close = cycle.close === null
    ? "and nothing when the time is over"
    : `and ${JSON.stringify(cycle.close)} ${
      cycle.timer === null ? "" : `after ${cycle.timer} s, at most ${maxTimeout} s`
    }`;
  return `${portWords(stanza)}: instead of opening a door runs ${JSON.stringify(cycle.open)} ${close}`.trimEnd();
}

function guardWords({ guard, nat }: Stanza): string {
  if (nat.forceNat !== null) return "";
  return {
    input: "",
    forward: " as published by others (GUARD forward)",
    both: " of this host or published by others",
  }[
    guard
  ];
}

function portWords({ openPorts, restrictPorts }: Stanza): string {
  const list = (services: readonly Service[]) => services.map(formatService).join(", ");
  if (openPorts === null) return restrictPorts.length === 0 ? "every port" : `every port but ${list(restrictPorts)}`;
  const refused = new Set(restrictPorts.map(formatService));
  const left = openPorts.filter((service) => service.port > 0 && !refused.has(formatService(service)));
  return left.length === 0 ? "no port" : list(left);
}

function commandWords(commands: CommandPolicy | null): string {
  if (commands === null) return "no";
  const who = commands.runAs === null ? "the user of the daemon" : commands.runAs.user;
  return `yes, as ${who}${commands.prefix.length === 0 ? "" : `, by ${commands.prefix.join(" ")}`}`;
}

function natWords({ nat }: Stanza, { firewall: { switches } }: Pick<ServerConfig, "firewall">): string {
  const kinds = [switches.forwarding ? "inside hosts" : "", switches.localNat ? "ports of this host" : ""];
  const asked = kinds.filter((kind) => kind !== "").join(" and ");
  const forced = nat.forceNat;
  const anyHost = forced !== null && isUnspecified(forced.to);
  const to = forced === null ? asked : anyHost ? "every host that is addressed" : endText(forced);
  if (to === "") return "no";
  const limit = forced === null && nat.allow !== null ? `, at most ${natAllow.format(nat.allow)}` : "";
  const from = nat.forceSnat !== null
    ? `, its source becomes ${nat.forceSnat.text}`
    : nat.forceMasquerade
    ? ", its source becomes this host's"
    : "";
  return `to ${to}${limit}${nat.forwardAll ? ", every port" : ""}${
    nat.disableDnat && !anyHost ? ", by routing only" : ""
  }${from}`;
}

function endText({ to, port }: NatEnd): string {
  return `${to.family === 6 ? `[${to.text}]` : to.text}:${port}`;
}

function keyWords(stanza: Stanza): string {
  const [key, hmac] = [rijndaelOf(stanza), hmacOf(stanza)];
  const encryption = [
    ...key === null ? [] : [`key of ${key.key.length} bytes, ${key.mode}`],
    ...stanza.gpg === null ? [] : [gpgWords(stanza.gpg)],
  ].join(", or ");
  return `${encryption === "" ? "no key" : encryption}, ${hmac === null ? "no HMAC" : `HMAC ${hmac.name}`}`;
}

function gpgWords({ engine, signers }: GpgPolicy): string {
  const by = engine.kind === "files"
    ? `the key in ${engine.decrypt.path}`
    : `${engine.exe} with ${engine.decryptId ?? "any secret key"} of ${engine.home}`;
  if (signers === null) return `GnuPG by ${by}, signed by anybody or nobody`;
  const lists = [signers.fingerprints, signers.ids].flatMap((list) => list === null ? [] : [list.join(" or ")]);
  return `GnuPG by ${by}, signed by ${lists.join(", which is also one of ")}`;
}

/** UTC; the number itself where no calendar reaches. */
function momentOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} (seconds since 1970)` : date.toISOString().replace(".000Z", " UTC");
}
