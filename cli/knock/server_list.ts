/** Whether -D names several servers. Every run asks this; what is done for each is `servers.ts`. Pure. */
import type { Arguments } from "../../lib/settings/argv.ts";

/** The servers of the list after the last -D, or null when one server, or none, is named. */
export function listedServers({ given }: Arguments): readonly string[] | null {
  const text = given.findLast(({ key }) => key === "server")?.text ?? "";
  return text.includes(",") ? text.split(",").map((name) => name.trim()) : null;
}
