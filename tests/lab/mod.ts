/** Everything a test needs to put programs on a network of its own. */
export * from "./config.ts";
export * from "./gate.ts";
export * from "./lab.ts";
export * from "./program.ts";
export * from "./programs.ts";
export * from "./rulesets.ts";
export * from "./sockets.ts";
export * from "./measure.ts";
