/** Who else can read or change what holds the keys. */
import { readSecureFile } from "../../lib/host/secure_file.ts";
import type { Loaded } from "../settings/load.ts";
import { doubt, failure, type Finding, fine } from "../../lib/finding.ts";

/** Bits of a mode that let others write. */
const OTHERS_WRITE = 0o022;

/** The rc file and the key files that are used. */
export function examineFiles({ settings, rc }: Loaded): readonly Finding[] {
  const keyFiles = [settings.keyFile, settings.hmacKeyFile].filter((path) => path !== undefined);
  const files = [...(rc === null ? [] : [rc.path]), ...new Set(keyFiles)];
  return files.flatMap((path) => examineFile(path));
}

function examineFile(path: string): readonly Finding[] {
  const read = readSecureFile(path);
  if (!read.ok && read.fault.code === "not-regular") {
    const { isFifo, isCharDevice } = Deno.statSync(path);
    if (isFifo || isCharDevice) return [fine("permissions", `${path} is a ${isFifo ? "pipe" : "device"}`)];
  }
  if (!read.ok) return [failure("permissions", `${path}: ${read.fault.message}`, "check the path")];
  if (read.value.warnings.length > 0) {
    return read.value.warnings.map((warning) => doubt("permissions", warning, `chown and chmod 600 ${path}`));
  }
  const folder = path.replace(/\/?[^/]*$/, "") || (path.startsWith("/") ? "/" : ".");
  const { mode } = Deno.statSync(folder);
  // A sticky folder such as /tmp lets nobody replace the files of others.
  const open = mode !== null && (mode & OTHERS_WRITE) !== 0 && (mode & 0o1000) === 0;
  return [
    open
      ? doubt("permissions", `others may replace files in ${folder}`, `chmod go-w ${folder}`)
      : fine("permissions", `${path} is for its owner only`),
  ];
}
