/**
 * One line of the file of pending closes. It holds no command, but what one is made of: the template and the facts of the
 * request, each read as the type that it is. So whatever is in the file, all that can come of it is a CMD_CYCLE_CLOSE that
 * stands in access.conf, for an address. Pure.
 */
import { type Ip, parseIp } from "../../lib/net/address.ts";
import type { TemplateFacts } from "./template.ts";

/** A door that is to be closed. */
export interface PendingClose {
  /** Tells it from others in the file. */
  readonly id: string;
  /** Unix milliseconds. */
  readonly due: number;
  /** The stanza that opened it, for the log. */
  readonly stanza: number;
  readonly template: string;
  readonly facts: TemplateFacts;
  /** The open command that came to a good end, to be compared with, and never to be run; null: none did yet. */
  readonly opened: string | null;
}

/** What a line says: a door is to be closed (again: at another time), or has been. */
export type CloseLine =
  | { readonly kind: "pending"; readonly close: PendingClose }
  | { readonly kind: "done"; readonly id: string };

/** First line of a new file. */
export const CLOSES_HEADER = "# doors of command cycles that fwknopd is to close: do not edit while it runs\n";

/** Seconds that can be told apart from nonsense: up to the year 9999. */
const MAX_SECONDS = 253_402_300_799;

/** The line of a door that is to be closed, with its end. */
export function formatPending({ id, due, stanza, template, facts, opened }: PendingClose): string {
  const { access, packetSource, packetDestination, service, insidePort, timestamp, seconds } = facts;
  return `${
    JSON.stringify({
      id,
      due,
      stanza,
      template,
      access: access.text,
      source: packetSource.text,
      destination: packetDestination?.text ?? null,
      proto: service.proto,
      port: service.port,
      inside: insidePort,
      timestamp,
      seconds,
      opened,
    })
  }\n`;
}

/** The line of one that has been closed. */
export function formatDone(id: string): string {
  return `${JSON.stringify({ done: id })}\n`;
}

/** Reads a line without its end; null for one that is neither, such as half of one. */
export function parseCloseLine(line: string): CloseLine | null {
  const said = parseObject(line);
  if (said === null) return null;
  if (isId(said["done"])) return { kind: "done", id: said["done"] };
  const { id, due, stanza, template, opened } = said;
  const facts = parseFacts(said);
  if (!isId(id) || !isWhole(due, MAX_SECONDS * 1000) || !isWhole(stanza, 1e9) || facts === null) return null;
  if (typeof template !== "string" || template === "") return null;
  if (opened !== null && typeof opened !== "string") return null;
  return { kind: "pending", close: { id, due, stanza, template, facts, opened } };
}

function parseFacts(said: Readonly<Record<string, unknown>>): TemplateFacts | null {
  const { proto, port, inside, timestamp, seconds } = said;
  const [access, packetSource, destination] = [said["access"], said["source"], said["destination"]].map(address);
  const packetDestination = said["destination"] === null ? null : destination;
  if (access === undefined || packetSource === undefined || packetDestination === undefined) return null;
  if ((proto !== "tcp" && proto !== "udp") || !isWhole(port, 65535)) return null;
  if (!(inside === null || isWhole(inside, 65535))) return null;
  if (!isWhole(timestamp, MAX_SECONDS) || !isWhole(seconds, MAX_SECONDS)) return null;
  return { access, packetSource, packetDestination, service: { proto, port }, insidePort: inside, timestamp, seconds };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f-]{1,40}$/.test(value);
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function address(value: unknown): Ip | undefined {
  const parsed = parseIp(typeof value === "string" ? value : "");
  return parsed.ok ? parsed.value : undefined;
}
