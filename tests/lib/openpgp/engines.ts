/** What the tests of both engines share. */
import { textBytes } from "../../../lib/bytes.ts";
import { formatGpgFailure, type GpgFailure } from "../../../lib/openpgp/failure.ts";
import type { RunGpg } from "../../../lib/openpgp/keyring.ts";
import { ok, type Result } from "../../../lib/result.ts";
import type { KeyFile } from "../../../lib/openpgp/file_keys.ts";
import type { GpgHome, GpgKeyName } from "../../lab/gpg_home.ts";

/** The text of a packet. */
export const TEXT = textBytes(
  "1234567890123456:YWxpY2U:1795868510:3.0.0:1:MTkyLjAuMi4xMCx0Y3AvMjI:BJcZnRxmQ8U5RczeHB55CkN5ngR9MuP6zTk7Lbob0XY",
);

/** What must have gone well. */
export function good<Value>(result: Result<Value, GpgFailure>): Value {
  if (!result.ok) throw new Error(formatGpgFailure(result.fault));
  return result.value;
}

/** Unix seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** A key file that gpg exports. */
export async function fileOf(home: GpgHome, name: GpgKeyName, secret: boolean): Promise<KeyFile> {
  const path = await home.keyFile(name, { secret });
  return { path, bytes: Deno.readFileSync(path) };
}

/** Runs gpg on a home. */
export function runOn(home: GpgHome): RunGpg {
  return async (args, stdin) => {
    const child = new Deno.Command("gpg", {
      args: ["--homedir", home.path, "--status-fd", "2", ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(stdin).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stderr);
    return ok({ code, stdout, stderr: said, status: said });
  };
}
