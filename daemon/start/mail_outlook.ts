/** Whether mail could leave this host, as far as that shows without sending one. */
import { wipe } from "../../lib/bytes.ts";
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { COMMAND_HOST } from "../command/host.ts";
import type { CommandHost } from "../config/files.ts";
import type { MailConfig } from "../config/resolve_mail.ts";

/** What would keep every mail from leaving. */
export function mailDoubts(
  mail: MailConfig | null,
  { isProgram }: Pick<CommandHost, "isProgram"> = COMMAND_HOST,
): readonly string[] {
  if (mail === null) return [];
  const { route } = mail;
  if (route.kind === "sendmail") {
    return isProgram(route.exe)
      ? []
      : [`EMAIL_ADDRESSES: there is no ${route.exe} to send mail with: install one (msmtp-mta), or write EMAIL_SERVER`];
  }
  if (route.authFile === null) return [];
  const read = readSecureFile(route.authFile);
  if (!read.ok) return [`EMAIL_AUTH_FILE: cannot read ${route.authFile}: ${read.fault.message}`];
  wipe(read.value.bytes);
  return read.value.warnings.map((warning) => `EMAIL_AUTH_FILE is refused: ${warning}`);
}
