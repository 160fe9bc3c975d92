/** Descriptors that the service manager opened and handed over to this process (sd_listen_fds(3)). Pure. */

/** The number of the first one. */
const FIRST = 3;
/** More than anybody hands over. */
const MOST = 1000;

/** Their numbers. `environment`: that with which the process `pid` was started. */
export function handedOver(environment: Readonly<Record<string, string>>, pid: number): readonly number[] {
  const { LISTEN_PID: to, LISTEN_FDS: count = "" } = environment;
  if (to !== String(pid) || !/^[1-9][0-9]{0,3}$/.test(count)) return [];
  return Array.from({ length: Math.min(Number(count), MOST) }, (_, index) => FIRST + index);
}
