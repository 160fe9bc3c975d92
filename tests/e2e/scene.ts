/** What the end-to-end tests have in common: a knocker's arguments, and a daemon that answers to one set of keys. */
import {
  type Daemon,
  type DaemonOptions,
  type Directives,
  keyArgs,
  knock,
  type KnockOptions,
  type Lab,
  newKeys,
  sealPacket,
  type SharedKeys,
  startDaemon,
} from "../lab/mod.ts";

/** Seconds that a grant of these tests stays open unless a test says otherwise. */
export const OPEN_SECONDS = 2;

/** A daemon with one stanza, and the knocker that knows its keys. */
export interface Scene {
  readonly lab: Lab;
  readonly daemon: Daemon;
  readonly keys: SharedKeys;
  /** The server's address. */
  readonly server: string;
  /** Knocks for a TCP port with further client arguments. */
  knock(port: number, more?: readonly string[], options?: KnockOptions): Promise<void>;
  /** The packet of such a knock, unsent. */
  seal(port: number, more?: readonly string[]): Promise<string>;
  /** Sends a packet's text to the daemon's port. */
  send(packet: string): void;
  /** Whether the knocker gets through to a port now. */
  isOpen(port: number): Promise<boolean>;
  /**
   * Resolves when everything sent so far has been looked at: a later knock, for a port of its own, has opened. Packets of
   * one sender keep their order.
   */
  processed(): Promise<void>;
}

/** Starts the daemon and returns what a test needs to talk to it. */
export async function setScene(
  lab: Lab,
  options: Omit<DaemonOptions, "access"> & { readonly stanza?: Directives; readonly more?: readonly Directives[] } = {},
): Promise<Scene> {
  const keys = newKeys();
  const { stanza, more = [], ...rest } = options;
  const access = [{ ...keys, FW_ACCESS_TIMEOUT: OPEN_SECONDS, ...stanza }, ...more];
  return makeScene(lab, await startDaemon(lab, { ...rest, access }), keys);
}

/** The same around a daemon that runs already, for one that was started again. */
export function makeScene(lab: Lab, daemon: Daemon, keys: SharedKeys): Scene {
  const server = lab.address("server");
  let lastPort = 40_000;
  const scene: Scene = {
    lab,
    daemon,
    keys,
    server,
    knock: async (port, more = [], options = {}) =>
      void await knock(lab, [...knockArgs(lab, port), ...keyArgs(keys), ...more], options),
    seal: (port, more = []) => sealPacket(lab, [...knockArgs(lab, port), ...keyArgs(keys), ...more]),
    send: (packet) => lab.send("knocker", server, 62201, packet),
    isOpen: async (port) => await lab.probe("knocker", server, port) !== "filtered",
    async processed() {
      const port = ++lastPort;
      await scene.knock(port);
      if (!await lab.opens("knocker", server, port)) throw new Error(`no door opened:\n${daemon.program.output}`);
    },
  };
  return scene;
}

/** Arguments that ask for a TCP port of the server for the knocker. */
export function knockArgs(lab: Lab, port: number, family: 4 | 6 = 4): string[] {
  return ["-A", `tcp/${port}`, "-a", lab.address("knocker", family), "-D", lab.address("server", family)];
}
