/** The account that runs the client. */
import { readSecureFile } from "../../lib/host/secure_file.ts";

/**
 * Name of the user in the system's list, or null. Looked up only where neither the options nor the environment name one.
 *
 * @tags allow-read, allow-sys=uid
 */
export function accountName(): string | null {
  const uid = String(Deno.uid());
  const list = readSecureFile("/etc/passwd", { checkOwner: false });
  if (!list.ok) return null;
  for (const line of list.value.text.split("\n")) {
    const [name, , id] = line.split(":");
    if (id === uid && name !== undefined && name !== "") return name;
  }
  return null;
}
