/**
 * Keeps datagrams of a flood, of which few are asked for again, as bytes in places that are there already. Kept as objects they
 * would be garbage that has grown old: the runtime stops for 20 ms and more to collect that, once or twice a second. Pure.
 */
import { ipFromBytes } from "../../lib/net/address.ts";
import type { Datagram } from "./datagram.ts";
import { CHUNK_OF_ADDRESSES, makeKeeper } from "./owned.ts";

/** Places for packets, by number. What was put into a place is there until something else is. */
export interface Shelf<Packet> {
  put(place: number, packet: Packet): void;
  /** The packet in that place: its payload changes with the next one that is put there. */
  look(place: number): Packet;
  /** A packet of its own that is the same. */
  take(place: number): Packet;
}

const IP_BYTES = 16;
/** Numbers of a place. */
const PROTOCOL = 0, SOURCE_PORT = 1, DESTINATION_PORT = 2, RECEIVED_AT = 3, NUMBERS = 4;
/** Lengths of a place. */
const PAYLOAD = 0, SOURCE = 1, DESTINATION = 2, LENGTHS = 3;

/** So many places. Each takes as much memory as the longest payload that it ever held. */
export function datagramShelf(places: number): Shelf<Datagram> {
  const payloads = Array.from({ length: places }, () => new Uint8Array(0));
  const sources = new Uint8Array(places * IP_BYTES), destinations = new Uint8Array(places * IP_BYTES);
  const numbers = new Float64Array(places * NUMBERS), lengths = new Uint32Array(places * LENGTHS);

  const keep = makeKeeper(CHUNK_OF_ADDRESSES);

  function look(place: number): Datagram {
    const ipAt = (of: Uint8Array, bytes: number) =>
      ipFromBytes(of.subarray(place * IP_BYTES, place * IP_BYTES + bytes), keep);
    const number = place * NUMBERS, length = place * LENGTHS;
    const toDestination = lengths[length + DESTINATION]!;
    return {
      payload: payloads[place]!.subarray(0, lengths[length + PAYLOAD]),
      source: ipAt(sources, lengths[length + SOURCE]!),
      destination: toDestination === 0 ? null : ipAt(destinations, toDestination),
      protocol: numbers[number + PROTOCOL]!,
      sourcePort: numbers[number + SOURCE_PORT]!,
      destinationPort: numbers[number + DESTINATION_PORT]!,
      receivedAt: numbers[number + RECEIVED_AT]!,
    };
  }
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
    look,
    take(place) {
      const seen = look(place);
      return { ...seen, payload: seen.payload.slice() };
    },
  };
}
