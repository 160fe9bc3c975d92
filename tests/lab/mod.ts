/** Everything a test needs to put programs on a network of its own. */
export * from "./config.ts";
export * from "./gate.ts";
export * from "./lab.ts";
export { type Host, type HostName, INNER, OUTER } from "./network.ts";
export * from "./program.ts";
export * from "./programs.ts";
export * from "./rulesets.ts";
export * from "./sockets.ts";
export * from "./measure.ts";
