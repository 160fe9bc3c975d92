/** Checks of a knock without knocking, for `--explain`, `--doctor` and `--import`. */
import type { KnockRequest } from "../../lib/spa/request.ts";
import { accountName } from "../request/account.ts";
import { checkFollowUp } from "../after/follow_up.ts";
import type { Loaded } from "../settings/load.ts";
import { rehearseRequest } from "../request/request.ts";
import { ClientError } from "../ui/tui.ts";
import { packetUser } from "../request/username.ts";
import { findConflict, followsKnock } from "../settings/conflicts.ts";
import { unreadError } from "../settings/unread.ts";
import type { World } from "../ui/world.ts";

/** The request that a knock would make. `rest` is what stood after `--then` or `--proxy`. Throws as the knock would. */
export function precheck(loaded: Loaded, rest: readonly string[], world: World): KnockRequest {
  const { settings } = loaded;
  const conflict = findConflict(settings);
  if (conflict !== null) throw new ClientError(conflict.message, conflict.hint);
  const unread = unreadError(loaded);
  if (unread !== null) throw unread;
  const request = rehearseRequest(settings);
  if (!request.ok) throw new ClientError(request.fault.message, request.fault.hint);
  packetUser({ explicit: settings.spoofUser, env: world.env, systemName: accountName });
  if (followsKnock(settings)) checkFollowUp(settings, rest, request.value);
  return request.value;
}
