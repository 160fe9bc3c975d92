/** The user name in the packet (facts/wire 3), resolved only when it is needed. */
import { badUsernameCharacter } from "../../lib/wire/fields.ts";
import { ClientError } from "../ui/tui.ts";

/** Servers may have been set up with what the C client makes of longer names. */
const C_CLIENT_CUTS_AT = 29;

/** What a decoder takes. */
const MAX_BYTES = 48;

/** The origin of a name that was asked for. */
const EXPLICIT = "-U or SPOOF_USER";

const ASK = "name the user with -U";

/** Where a name can come from. */
export interface UserSources {
  readonly explicit: string | undefined;
  env(name: string): string | undefined;
  /** The name of the effective user in the system's list, or null. */
  systemName(): string | null;
}

/** A name, where it comes from, and a warning when the C client would have sent another. */
export interface PacketUser {
  readonly name: string;
  /** `-U or SPOOF_USER`, the variable of the environment, or `this account`. */
  readonly origin: string;
  readonly warning: string | null;
}

/** Finds the name. Throws on one that no server takes. */
export function packetUser(sources: UserSources): PacketUser {
  const [name, origin] = findName(sources);
  const bad = badUsernameCharacter(name);
  if (bad >= 0) {
    const token = bad === 0 ? "USER_FIRSTCHAR_VALIDFAIL" : "USER_REMCHAR_VALIDFAIL";
    const hint = origin === EXPLICIT ? "leave it out, or use letters, digits, . _ and - only" : ASK;
    throw new ClientError(
      `the user name of ${origin} has a character that no server takes (Args contain invalid data: ${token})`,
      hint,
    );
  }
  if (name.length > MAX_BYTES) {
    const hint = origin === EXPLICIT ? "choose a shorter one" : ASK;
    throw new ClientError(
      `Cannot use the user name of ${origin}: it is longer than the ${MAX_BYTES} bytes that servers take`,
      hint,
    );
  }
  const cut = sources.explicit !== undefined && name.length > C_CLIENT_CUTS_AT;
  return {
    name,
    origin,
    warning: cut ? `the C client sends only the first ${C_CLIENT_CUTS_AT} characters of -U` : null,
  };
}

function findName(sources: UserSources): readonly [name: string, origin: string] {
  if (sources.explicit !== undefined) return [sources.explicit, EXPLICIT];
  for (const variable of ["SPOOF_USER", "LOGNAME"]) {
    const name = sources.env(variable);
    if (name !== undefined && name !== "") return [name, variable];
  }
  const system = sources.systemName();
  if (system !== null) return [system, "this account"];
  const user = sources.env("USER");
  return user !== undefined && user !== "" ? [user, "USER"] : ["NO_USER", "this account"];
}
