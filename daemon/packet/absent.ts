/** What stands in the place of a source until its interface is there, where a start waits for it. */
import type { PacketSource } from "./datagram.ts";

/** A source that never has anything. */
export function absentSource(): PacketSource {
  return {
    banner: [],
    fd: null,
    absent: true,
    read: () => ({ datagrams: [], taken: 0, more: false, ended: false }),
    statistics: () => null,
    [Symbol.dispose]: () => {},
  };
}
