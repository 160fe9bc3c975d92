/** The packets of a grant, on their way through this host. Pure. */
import { PROTO_NUMBER } from "../../../lib/net/service.ts";
import type { Access } from "../firewall.ts";
import type { Hook, NewPacket } from "./model.ts";
import type { Knowledge } from "./packet.ts";

/** A packet on its way. */
export interface Traveller {
  readonly family: 4 | 6;
  readonly hooks: readonly Hook[];
  /** Before addresses are translated, and afterwards; null: it is not looked at there. */
  readonly before: Knowledge;
  readonly after: Knowledge | null;
  readonly granted: boolean;
  /** A rule that sends packets to other addresses says nothing new of it. */
  readonly translated: boolean;
  /** Where somebody's rule sent it: to that host or port, which may be one of this host. */
  readonly sentOn?: { readonly by: string; readonly to: string; readonly here: boolean };
}

export const TO_THIS_HOST: readonly Hook[] = ["ingress", "prerouting", "input"];
export const THROUGH_THIS_HOST: readonly Hook[] = ["ingress", "prerouting", "forward", "postrouting"];

/** The packets of a grant; null for grants that let nothing in. */
export function travellerOf(access: Access): Traveller | null {
  if (access.slot === "foreign" || access.slot === "snat" || access.slot === "masquerade") return null;
  const { source, service } = access;
  const family = source.family;
  const common = { family, granted: true };
  const from: Knowledge = { family, source, ...(service === null ? {} : { protocol: PROTO_NUMBER[service.proto] }) };
  const port = service === null ? {} : { destinationPort: service.port };
  const addressed = (destination: typeof source | null) => destination === null ? {} : { destination };
  switch (access.slot) {
    case "input": {
      const packet = { ...from, ...port, ...addressed(access.destination), local: true, state: "new" } as const;
      return { ...common, hooks: TO_THIS_HOST, before: packet, after: packet, translated: false };
    }
    case "output":
      return answeringTraveller(access, common);
    case "forward": {
      const packet = { ...from, ...port, ...addressed(access.target), state: "new" as const };
      // It may have been sent to another address and port, and come to these by our own translation.
      const before = { ...from, state: "new" as const };
      return { ...common, hooks: THROUGH_THIS_HOST, before, after: packet, translated: true };
    }
    case "published": {
      const asked = { port: access.service.port, ...addressed(access.destination) };
      return publishedTraveller({ ...from, state: "new" }, asked, common);
    }
    case "dnat": {
      const packet = { ...from, ...port, ...addressed(access.destination), state: "new" as const };
      return { ...common, hooks: ["ingress", "prerouting"], before: packet, after: null, translated: true };
    }
  }
}

/** What this host answers to somebody who was let in. */
function answeringTraveller(
  { source, destination, service }: Extract<Access, { readonly slot: "output" }>,
  common: Pick<Traveller, "family" | "granted">,
): Traveller {
  const answer: Knowledge = {
    ...{ family: source.family, destination: source, protocol: PROTO_NUMBER[service.proto], state: "established" },
    ...(destination === null ? {} : { source: destination }),
    sourcePort: service.port,
  };
  return { ...common, hooks: ["output", "postrouting"], before: answer, after: answer, translated: true };
}

/** Where somebody's translation leads is not known, but what the packet was sent to. */
function publishedTraveller(
  packet: Knowledge,
  asked: NonNullable<Knowledge["published"]>,
  common: Pick<Traveller, "family" | "granted">,
): Traveller {
  const { port, ...destination } = asked;
  return {
    ...common,
    hooks: THROUGH_THIS_HOST,
    before: { ...packet, ...destination, destinationPort: port, local: true },
    after: { ...packet, published: asked },
    translated: true,
  };
}

/** A new packet from outside. */
export function travellerFor(
  { family, service, source, forwarded = false, published = false, granted = true }: NewPacket,
): Traveller {
  const packet: Knowledge = {
    ...{ family, protocol: PROTO_NUMBER[service.proto], destinationPort: service.port, state: "new" },
    ...(source === undefined ? {} : { source }),
  };
  if (published) {
    const { destinationPort: _asked, ...rest } = packet;
    return publishedTraveller(rest, { port: service.port }, { family, granted });
  }
  if (!forwarded) {
    const sent = { ...packet, local: true } as const;
    return { family, hooks: TO_THIS_HOST, before: sent, after: sent, granted, translated: false };
  }
  // The port that was asked for may be another one.
  const { destinationPort: _inside, ...before } = packet;
  return { family, hooks: THROUGH_THIS_HOST, before, after: packet, granted, translated: true };
}
