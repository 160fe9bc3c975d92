/** The facilities of syslog(3) that the daemon may log to. Pure. */

/** `LOG_DAEMON` and `LOG_LOCAL0` to `LOG_LOCAL7`, with the facility numbers of syslog(3). */
export const SYSLOG_FACILITIES = {
  LOG_DAEMON: 3,
  LOG_LOCAL0: 16,
  LOG_LOCAL1: 17,
  LOG_LOCAL2: 18,
  LOG_LOCAL3: 19,
  LOG_LOCAL4: 20,
  LOG_LOCAL5: 21,
  LOG_LOCAL6: 22,
  LOG_LOCAL7: 23,
} as const;
