/**
 * Keeps datagrams of a flood, of which few are asked for again, as bytes in places that are there already. Kept as objects they
 * would be garbage that has grown old: the runtime stops for 20 ms and more to collect that, once or twice a second. Pure.
 */
import { type Ip, ipFromBytes } from "../../lib/net/address.ts";
import type { Datagram } from "./datagram.ts";
import { CHUNK_OF_ADDRESSES, makeKeeper } from "./owned.ts";

/** Places for packets, by number. What was put into a place is there until something else is. */
export interface Shelf<Packet, Label> {
  put(place: number, packet: Packet): void;
  /** What is worth telling of the packet in that place, when nobody wants all of it. */
  labelOf(place: number): Label;
  /** The packet in that place. */
  take(place: number): Packet;
}

const IP_BYTES = 16;
/** Numbers of a place. */
const PROTOCOL = 0, SOURCE_PORT = 1, DESTINATION_PORT = 2, RECEIVED_AT = 3, NUMBERS = 4;
/** Lengths of a place. */
const PAYLOAD = 0, SOURCE = 1, DESTINATION = 2, LENGTHS = 3;

/** So many places. Each takes as much memory as the longest payload that it ever held. */
export function datagramShelf(places: number): Shelf<Datagram, Ip> {
  const payloads = Array.from({ length: places }, () => new Uint8Array(0));
  const sources = new Uint8Array(places * IP_BYTES), destinations = new Uint8Array(places * IP_BYTES);
  const numbers = new Float64Array(places * NUMBERS), lengths = new Uint32Array(places * LENGTHS);

  const keep = makeKeeper(CHUNK_OF_ADDRESSES);

  const ipAt = (of: Uint8Array, place: number, length: number) =>
    ipFromBytes(of.subarray(place * IP_BYTES, place * IP_BYTES + length), keep);
  const labelOf = (place: number) => ipAt(sources, place, lengths[place * LENGTHS + SOURCE]!);

  return {
    put(place, { payload, source, destination, protocol, sourcePort, destinationPort, receivedAt }) {
      if (payloads[place]!.length < payload.length) payloads[place] = new Uint8Array(payload.length);
      payloads[place]!.set(payload);
      sources.set(source.bytes, place * IP_BYTES);
      if (destination !== null) destinations.set(destination.bytes, place * IP_BYTES);
      const number = place * NUMBERS, length = place * LENGTHS;
      numbers[number + PROTOCOL] = protocol;
      numbers[number + SOURCE_PORT] = sourcePort;
      numbers[number + DESTINATION_PORT] = destinationPort;
      numbers[number + RECEIVED_AT] = receivedAt;
      lengths[length + PAYLOAD] = payload.length;
      lengths[length + SOURCE] = source.bytes.length;
      lengths[length + DESTINATION] = destination?.bytes.length ?? 0;
    },
    labelOf,
    take(place) {
      const number = place * NUMBERS, length = place * LENGTHS;
      const toDestination = lengths[length + DESTINATION]!;
      return {
        payload: payloads[place]!.slice(0, lengths[length + PAYLOAD]),
        source: labelOf(place),
        destination: toDestination === 0 ? null : ipAt(destinations, place, toDestination),
        protocol: numbers[number + PROTOCOL]!,
        sourcePort: numbers[number + SOURCE_PORT]!,
        destinationPort: numbers[number + DESTINATION_PORT]!,
        receivedAt: numbers[number + RECEIVED_AT]!,
      };
    },
  };
}
