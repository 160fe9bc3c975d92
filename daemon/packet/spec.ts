/** What packets are taken from, as data: two configurations mean the same source where these are equal. Pure. */

/** One source. */
export type SourceSpec =
  | {
    readonly kind: "interface";
    readonly device: string;
    readonly filter: string;
    /** Bytes kept of each frame. */
    readonly snaplen: number;
    readonly promiscuous: boolean;
    readonly direction: "in" | "any";
  }
  | { readonly kind: "file"; readonly path: string; readonly filter: string; readonly from: "begin" | "end" }
  | { readonly kind: "udp"; readonly port: number }
  /** Brings no packets itself: it lets clients send them. */
  | { readonly kind: "tcp"; readonly port: number }
  | SynSpec
  | QueueSpec;

/** The TCP SYNs that reach an interface. It brings no packets either: it tells which system a sender seems to have. */
export interface SynSpec {
  readonly kind: "syn";
  readonly device: string;
  readonly promiscuous: boolean;
  readonly direction: "in" | "any";
}

/** A netfilter queue, and what the rules that fill it say. */
export interface QueueSpec {
  readonly kind: "queue";
  readonly queue: number;
  /** UDP port of the packets that are taken. */
  readonly port: number;
  /** The interface that they come in by; null: any. */
  readonly device: string | null;
  readonly table: string;
  readonly chain: string;
  /** The iptables that makes the rules. */
  readonly program: string;
}

/** Whether both mean the same source. */
export function sameSource(a: SourceSpec, b: SourceSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether libpcap is needed for it. */
export function needsLibpcap({ kind }: SourceSpec): boolean {
  return kind === "interface" || kind === "file" || kind === "syn";
}
