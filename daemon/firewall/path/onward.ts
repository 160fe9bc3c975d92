/** The packets of a grant behind a rule, somebody else's, that sends them to another address or port. Pure. */
import { type Ip, ipFromBytes } from "../../../lib/net/address.ts";
import { formatService } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";
import { bytesOf } from "./operand.ts";
import type { SentTo } from "./sent_to.ts";
import { THROUGH_THIS_HOST, TO_THIS_HOST, type Traveller } from "./traveller.ts";

/** Where packets come to that were sent elsewhere. */
export interface Turn {
  /** Whether that is this host still. */
  readonly here: boolean;
  /** Null: an address of this host. */
  readonly address: Ip | null;
  readonly port: number;
}

/** Whether another grant lets them in there, or through. */
export type Passages = (turn: Turn) => boolean;

/** Where a destination is. `isOwn`: whether an address is one of this host; null: it is not known. Null: neither is this. */
export function turnOf(
  { before, family }: Traveller,
  { address, port }: SentTo,
  isOwn: (address: Ip) => boolean | null,
): Turn | null {
  const toPort = port ?? before.destinationPort;
  if (toPort === undefined) return null;
  if (address === null) return { here: true, address: null, port: toPort };
  const text = address[family];
  if (text === undefined) return null;
  const ip = ipFromBytes(bytesOf(text));
  const here = isOwn(ip);
  return here === null ? null : { here, address: ip, port: toPort };
}

/** Their way from there on. `by`: the chain that sends them. */
export function onwardTraveller(
  traveller: Traveller,
  turn: Turn,
  { by, passages }: { readonly by: string; readonly passages: Passages },
): Traveller {
  const { before, granted } = traveller;
  const { destination: asked, destinationPort: port, local: _local, ...packet } = before;
  const { here, address } = turn;
  // The grant is for the port, and for the address where it names one.
  const isSame = here && turn.port === port && asked === undefined;
  return {
    family: traveller.family,
    hooks: here ? TO_THIS_HOST : THROUGH_THIS_HOST,
    before,
    after: {
      ...packet,
      ...(address === null ? {} : { destination: address }),
      ...(here ? { local: true } as const : {}),
      destinationPort: turn.port,
      ...(port === undefined ? {} : { published: { port, ...(asked === undefined ? {} : { destination: asked }) } }),
    },
    granted: granted && (isSame || passages(turn)),
    translated: true,
    ...(isSame ? {} : { sentOn: { by, to: formatTurn(traveller, turn), here } }),
  };
}

function formatTurn({ before }: Traveller, { here, address, port }: Turn): string {
  if (here || address === null) return formatService({ proto: before.protocol === 6 ? "tcp" : "udp", port });
  return address.family === 4 ? `${address.text}:${port}` : `[${address.text}]:${port}`;
}

/** Whether a grant of the same source leads there: to that port of this host, or through it. */
export function leadsThrough(
  { service }: Extract<Access, { readonly slot: "input" }>,
  { here, port }: Turn,
): (other: Access) => boolean {
  return (other) => {
    if (other.slot === "forward") return !here;
    if (other.slot !== (here ? "input" : "published")) return false;
    return other.service.proto === service.proto && other.service.port === (here ? port : service.port);
  };
}
