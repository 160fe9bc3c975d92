/**
 * What the first packet of a TCP connection tells of the system that sent it: time to live, don't-fragment bit, window, and
 * the options with their order. Pure; a frame that is anything else, or contradicts itself, is no SYN.
 */
import { findPacketPlace } from "../../lib/net/frame.ts";

/** The traits of one SYN. */
export interface Syn {
  readonly family: 4 | 6;
  /** With which it most likely left its sender: the next of {@link INITIAL_TTLS} above what arrived. */
  readonly ttl: number;
  /** Null with IPv6, which has no such bit. */
  readonly dontFragment: boolean | null;
  readonly window: number;
  /** Null where there is no such option. */
  readonly mss: number | null;
  /** Of the window; null where there is no such option. */
  readonly scale: number | null;
  /** Names of the options in order, separated by commas; `none` where there are none. */
  readonly options: string;
}

/** A SYN and who sent it. */
export interface SentSyn {
  /** 4 or 16 bytes: a view into the frame. */
  readonly source: Uint8Array;
  readonly syn: Syn;
}

/** What systems begin with. Each router on the way takes one off. */
export const INITIAL_TTLS: readonly number[] = [32, 64, 128, 255];

/** Names of options (IANA's registry of TCP option kinds); others are told by their number. */
export const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [0, "eol"],
  [1, "nop"],
  [2, "mss"],
  [3, "ws"],
  [4, "sackok"],
  [5, "sack"],
  [8, "ts"],
  [30, "mptcp"],
  [34, "tfo"],
]);

const TCP = 6;
const [END, NOP, MSS, SCALE] = [0, 1, 2, 3];
/** FIN, SYN, RST and ACK. What offers congestion notification is set besides. */
const CONNECTION_FLAGS = 0x17, SYN = 0x02;

/** The SYN in a captured frame; null where it holds none. Never throws. */
export function readSyn(frame: Uint8Array, linkType: number): SentSyn | null {
  const place = findPacketPlace(frame, linkType);
  if (typeof place === "string" || place.protocol !== TCP) return null;
  const { ip, version, offset, end } = place;
  const at = (index: number) => frame[index] ?? 0;
  const word = (index: number) => (at(index) << 8) | at(index + 1);
  const options = offset + (at(offset + 12) >> 4) * 4;
  if (offset + 20 > end || options < offset + 20 || options > end) return null;
  if ((at(offset + 13) & CONNECTION_FLAGS) !== SYN) return null;
  const read = readOptions(frame.subarray(offset + 20, options));
  if (read === null) return null;
  const ttl = at(version === 4 ? ip + 8 : ip + 7);
  return {
    source: version === 4 ? frame.subarray(ip + 12, ip + 16) : frame.subarray(ip + 8, ip + 24),
    syn: {
      family: version,
      ttl: INITIAL_TTLS.find((initial) => ttl <= initial) ?? 255,
      dontFragment: version === 4 ? (word(ip + 6) & 0x4000) !== 0 : null,
      window: word(offset + 14),
      ...read,
    },
  };
}

/** Null where a length leads nowhere. What follows the end of the list is padding. */
function readOptions(bytes: Uint8Array): Pick<Syn, "mss" | "scale" | "options"> | null {
  const names: string[] = [];
  let mss: number | null = null, scale: number | null = null;
  for (let i = 0; i < bytes.length;) {
    const kind = bytes[i] ?? END;
    names.push(OPTION_NAMES.get(kind) ?? String(kind));
    if (kind === END) break;
    if (kind === NOP) {
      i++;
      continue;
    }
    const length = bytes[i + 1] ?? 0;
    if (length < 2 || i + length > bytes.length) return null;
    if (kind === MSS && length === 4) mss = ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
    if (kind === SCALE && length === 3) scale = bytes[i + 2] ?? 0;
    i += length;
  }
  return { mss, scale, options: names.join(",") || "none" };
}

/** Whether two have the same traits. */
export function sameSyn(a: Syn, b: Syn): boolean {
  return a.options === b.options && a.window === b.window && a.ttl === b.ttl && a.mss === b.mss &&
    a.scale === b.scale && a.dontFragment === b.dontFragment && a.family === b.family;
}

/** The SYN as a line of the signature file has it, behind the name: an administrator may paste it there. */
export function formatSyn({ ttl, dontFragment, window, mss, scale, options }: Syn): string {
  return [
    `ttl=${ttl}`,
    ...dontFragment === null ? [] : [`df=${dontFragment ? "yes" : "no"}`],
    `window=${window}`,
    `mss=${mss ?? "none"}`,
    `scale=${scale ?? "none"}`,
    `options=${options}`,
  ].join(" ");
}
